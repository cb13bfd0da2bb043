import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/findings/report.ts";
import type { ActionEvent, ActionEventBody } from "../../src/run/actions/action.ts";
import { normaliseActionId } from "../../src/run/actions/action.ts";
import { isDay, overdueDays, remindAtMs } from "../../src/run/actions/due.ts";
import {
  changeOf,
  checkDueOn,
  checkFinding,
  checkPerson,
  checkTitle,
  checkWhy,
  longestTitle,
  suggestedTitle,
} from "../../src/run/actions/rules.ts";
import { meantAction } from "../../src/run/actions/typed.ts";
import { lineInThread, messagesToOwners } from "../../src/slack/action-narrator.ts";
import { actionForm, chooseFinding, type ActionForm } from "../../src/slack/views/action-form.ts";
import { overdueText } from "../../src/slack/views/due-text.ts";
import { testAction } from "../support/actions.ts";

const at = (iso: string): number => Date.parse(iso);
const now = new Date("2026-11-24T10:00:00Z");
const bad = expect.objectContaining({ code: "bad_parameter" });

describe("a day", () => {
  it("is reminded of when it has begun nearly everywhere", () => {
    expect(remindAtMs("2026-12-10")).toBe(at("2026-12-10T12:00:00Z"));
  });
  it("is overdue only when it is over everywhere on Earth, and counts on from then", () => {
    expect(overdueDays("2026-12-10", at("2026-12-11T11:59:59Z"))).toBe(0);
    expect(overdueDays("2026-12-10", at("2026-12-11T12:00:00Z"))).toBe(1);
    expect(overdueDays("2026-12-10", at("2026-12-13T12:00:00Z"))).toBe(3);
    expect(overdueDays(null, at("2099-01-01T00:00:00Z"))).toBe(0);
  });
  it("says for how long", () => {
    expect(overdueText("2026-12-10", "2026-12-11T13:00:00Z")).toBe("overdue since yesterday");
    expect(overdueText("2026-12-10", "2026-12-20T13:00:00Z")).toBe("overdue for 10 days");
    expect(overdueText("2026-12-10", "2026-12-10T13:00:00Z")).toBe("");
  });
  it.each(["2026-02-28", "2028-02-29"])("%s there is", (day) => expect(isDay(day)).toBe(true));
  it.each(["2026-02-30", "2026-13-01", "10.12.2026", "tomorrow", ""])("%s there is not", (day) =>
    expect(isDay(day)).toBe(false),
  );
});

describe("what is typed for an action", () => {
  it("names a run, or none, and a title", () => {
    expect(meantAction(["run-12", "Set it"], undefined)).toEqual({ runId: "run-12", title: "Set it" });
    expect(meantAction(["12", "Set", "it"], undefined)).toEqual({ runId: "12", title: "Set it" });
    expect(meantAction(["Set", "it"], undefined)).toEqual({ runId: null, title: "Set it" });
    expect(meantAction([], undefined)).toEqual({ runId: null, title: "" });
  });
  it.each(["12", "A-12", "a12", "action-12", " ACTION-012 "])("%s is action-12", (typed) =>
    expect(normaliseActionId(typed)).toBe("action-12"),
  );
  it("has a title of one line, without a secret", () => {
    expect(checkTitle(" Rotate\n password=hunter2 ")).toBe("Rotate password=…");
    expect(() => checkTitle("  ")).toThrow(bad);
    expect(() => checkTitle("x".repeat(longestTitle + 1))).toThrow(bad);
  });
  it("has a day that is not over, or none", () => {
    expect(checkDueOn("2026-12-10", now)).toBe("2026-12-10");
    // In some place it is still yesterday.
    expect(checkDueOn("2026-11-23", now)).toBe("2026-11-23");
    expect(checkDueOn("none", now)).toBeNull();
    expect(() => checkDueOn("2026-11-22", now)).toThrow(bad);
    expect(() => checkDueOn("2029-11-22", now)).toThrow(bad);
    expect(() => checkDueOn("soon", now)).toThrow(bad);
  });
  it("has an owner whom Slack named", () => {
    expect(checkPerson("<@U0BOB|bob>")).toBe("U0BOB");
    expect(checkPerson("U0BOB")).toBe("U0BOB");
    expect(() => checkPerson("@bob")).toThrow(bad);
    expect(() => checkPerson("<!channel>")).toThrow(bad);
  });
  it("may say why", () => {
    expect(checkWhy(" it is  done ")).toBe("it is done");
    expect(checkWhy(" ")).toBeNull();
    expect(() => checkWhy("x".repeat(501))).toThrow(bad);
  });
});

const finding = (id: string, advice: string, title = `${id} was found`): Finding => ({
  id,
  severity: "high",
  title,
  evidence: [],
  advice,
});

describe("a finding", () => {
  it("suggests its advice's first sentence, or what was found", () => {
    expect(suggestedTitle(finding("a", "Set min-replicas to 1. It costs latency."))).toBe("Set min-replicas to 1.");
    expect(suggestedTitle(finding("a", ""))).toBe("a was found");
    expect(suggestedTitle(finding("a", "x".repeat(900)))).toHaveLength(longestTitle);
  });
  it("must be one of the run's", () => {
    expect(checkFinding("a", "run-1", [finding("a", "x")])).toEqual({ id: "a", title: "a was found" });
    expect(checkFinding(null, "run-1", [])).toBeNull();
    expect(() => checkFinding("b", "run-1", [finding("a", "x")])).toThrow(bad);
  });
});

describe("the form", () => {
  const findings = [finding("a", "Do A."), finding("b", "Do B.")];
  const empty: ActionForm = { runId: "run-1", findings, chosen: null, title: "", owner: "U1", dueOn: null };
  it("suggests the title of the finding that was chosen", () => {
    const first = chooseFinding(empty, 0);
    expect(first.title).toBe("Do A.");
    expect(chooseFinding(first, 1).title).toBe("Do B.");
    expect(chooseFinding(first, null).title).toBe("");
  });
  it("leaves a title alone that somebody typed", () => {
    expect(chooseFinding({ ...empty, title: "My own" }, 1)).toMatchObject({ title: "My own", chosen: 1 });
  });
  it("draws the title under another id, so that Slack shows the suggestion", () => {
    const ids = [0, 1].map((chosen) =>
      actionForm(chooseFinding(empty, chosen)).blocks.flatMap(({ block_id: id }) =>
        id?.startsWith("title") === true ? [id] : [],
      ),
    );
    expect(ids[0]).toHaveLength(1);
    expect(ids[0]).not.toEqual(ids[1]);
  });
  it("asks for no finding where there is none", () => {
    expect(JSON.stringify(actionForm({ ...empty, findings: [] }))).not.toContain("Which finding");
    expect(JSON.stringify(actionForm(empty))).toContain("Which finding");
  });
});

describe("a change", () => {
  it("says what is different, and nothing else", () => {
    expect(changeOf(testAction, { owner: "U0CAROL", dueOn: testAction.dueOn }, "U1")).toEqual({
      type: "changed",
      by: "U1",
      owner: "U0CAROL",
    });
    expect(changeOf(testAction, { dueOn: null }, "U1")).toEqual({ type: "changed", by: "U1", dueOn: null });
  });
  it("is none when all is as it was", () => {
    expect(changeOf(testAction, { title: testAction.title, owner: testAction.owner }, "U1")).toBeNull();
  });
});

describe("who is told", () => {
  const event = (body: ActionEventBody, seq = 1): ActionEvent => ({
    ...body,
    action: "action-3",
    seq,
    at: "2026-11-24T10:00:00Z",
  });
  const added = (by: string, owner: string): ActionEvent =>
    event({ type: "added", by, title: "t", owner, dueOn: null, run: null, finding: null });
  const told = (action: typeof testAction, ...events: ActionEvent[]) =>
    messagesToOwners(action, events).map(({ channelId, payload }) => [channelId, JSON.stringify(payload)] as const);

  it("is the owner, when somebody else gave it to them", () => {
    const [one, ...others] = told(testAction, added("U0ALICE", "U0BOB"));
    expect(others).toEqual([]);
    expect(one?.[0]).toBe("U0BOB");
    expect(one?.[1]).toContain("<@U0ALICE> gave you action-3");
    expect(one?.[1]).toContain("action-done");
  });
  it("is nobody, when somebody took it upon themselves, or only the day changed", () => {
    expect(told(testAction, added("U0BOB", "U0BOB"))).toEqual([]);
    expect(told(testAction, event({ type: "changed", by: "U0ALICE", dueOn: "2026-12-11" }))).toEqual([]);
    expect(told(testAction, event({ type: "done", by: "U0ALICE", reason: null }))).toEqual([]);
  });
  it("is the new owner after a change, and the old one reads that it is theirs no more", () => {
    const moved = { ...testAction, owner: "U0CAROL" };
    const both = told(moved, added("U0ALICE", "U0BOB"), event({ type: "changed", by: "U0ALICE", owner: "U0CAROL" }, 2));
    expect(both.map(([who]) => who)).toEqual(["U0BOB", "U0CAROL"]);
    expect(both[0]?.[1]).toContain("It is <@U0CAROL>'s now");
    expect(both[0]?.[1]).not.toContain("action-done");
    expect(both[1]?.[1]).toContain("action-done");
  });
  it("is the owner on the day", () => {
    const [one] = told(testAction, event({ type: "reminded", owner: "U0BOB", dueOn: "2026-12-10" }));
    expect(one?.[0]).toBe("U0BOB");
    expect(one?.[1]).toContain("action-3 is due 2026-12-10");
  });
  it("is nobody by the line in the run's thread, which is edited when it is done", () => {
    const open = lineInThread(testAction);
    const done = lineInThread({ ...testAction, state: "done", closedBy: "U0BOB", closedWhy: "deployed" });
    expect(done.key).toBe(open.key);
    expect(JSON.stringify(open.payload)).not.toContain("<@");
    expect(JSON.stringify(done.payload)).toContain("is done: deployed");
  });
});
