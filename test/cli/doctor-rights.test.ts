import { describe, expect, it } from "vitest";
import { judgeRights } from "../../src/cli/doctor/cluster/rights.ts";
import { wrong } from "../../src/cli/doctor/line.ts";
import { questionsOf } from "../../src/rbac/questions.ts";
import type { Right } from "../../src/rbac/right.ts";
import { said } from "../support/doctor-lines.ts";

describe("the rights", () => {
  const right = (change: Partial<Right>): Right => ({
    id: "x",
    account: "worker",
    where: "targets",
    apiGroup: "",
    resources: ["pods/exec"],
    verbs: ["get", "create"],
    why: "Proves that a fault is gone.",
    experiments: null,
    ...change,
  });
  const needed = questionsOf(
    [
      right({}),
      right({ account: "bot", where: "latch", resources: ["configmaps"], resourceNames: ["halt"], verbs: ["get"] }),
      right({ where: "cluster", resources: ["nodes"], verbs: ["list"] }),
    ],
    { targets: ["cache", "database"], latch: "aftershock", injector: "chaos-mesh" },
  );
  const context = { account: "system:serviceaccount:a:w", role: null, grant: "GRANT", configFile: "a.yaml" } as const;
  const all = needed.flatMap(({ questions }) => questions);
  const answersBut = (...refused: number[]) =>
    new Map(all.map((question, at) => [Object.values(question).join("\n"), !refused.includes(at)]));

  it("are asked verb by verb in every namespace in which they count", () => {
    expect(
      all.map(
        ({ verb, resource, subresource, namespace, name }) => `${verb} ${resource}/${subresource} ${namespace} ${name}`,
      ),
    ).toEqual([
      "get pods/exec cache ",
      "create pods/exec cache ",
      "get pods/exec database ",
      "create pods/exec database ",
      "get configmaps/ aftershock halt",
      "list nodes/  ",
    ]);
    const everywhere = questionsOf([right({ verbs: ["get"] })], { targets: null, latch: "a", injector: "c" });
    expect(everywhere[0]?.questions.map(({ namespace }) => namespace)).toEqual([""]);
  });

  it("that are missing are named, with what grants them and how to look", () => {
    const lines = judgeRights(needed, answersBut(1, 3, 4), context);
    expect(lines).toEqual([
      wrong(
        "system:serviceaccount:a:w lacks a right of the bot: get configmaps in aftershock. Proves that a fault is gone.",
        "GRANT\nThen look: kubectl auth can-i get configmaps/halt -n aftershock --as system:serviceaccount:a:w",
      ),
      wrong(
        "system:serviceaccount:a:w lacks a right of the worker: create pods/exec in cache, database. Proves that a fault is gone.",
        "GRANT\nThen look: kubectl auth can-i create pods --subresource=exec -n cache --as system:serviceaccount:a:w",
      ),
    ]);
  });

  it("of one role alone, with none that only the other needs, leave the other's unknown", () => {
    const statuses = (answers: Parameters<typeof judgeRights>[1], role: "worker" | null = null) =>
      judgeRights(role === null ? needed : needed.filter(({ right: { account } }) => account === role), answers, {
        ...context,
        role,
      }).map(({ status }) => status);
    const ofBotOnly = answersBut(0, 1, 2, 3, 5);
    expect(statuses(ofBotOnly)).toEqual(["well", "unknown"]);
    expect(statuses(ofBotOnly, "worker")).toEqual(["wrong", "wrong"]);
    // It can do something that only the worker needs: then it is the worker's, and lacks the rest.
    expect(statuses(answersBut(5))).toEqual(["well", "wrong"]);
  });

  it("that could not be asked are unknown, never granted", () => {
    const lost = new Map(answersBut()).set(Object.values(all[0]!).join("\n"), "no answer" as never);
    expect(
      said(judgeRights(needed, lost, { ...context, role: "worker" })).filter((line) => line.startsWith("unknown")),
    ).toEqual(["unknown: Whether system:serviceaccount:a:w may get pods/exec in cache could not be asked: no answer"]);
  });
});
