import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, cardOf, click, threadOf } from "../../src/embedded/run-drive.ts";
import type { LocalMessage } from "../../src/embedded/local-slack.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { parseHistory } from "../../src/findings/history-lines.ts";
import type { Report } from "../../src/findings/report.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectlOk } from "../support/kubectl.ts";
import {
  alice,
  approve,
  artifact,
  askForRun,
  bob,
  calm,
  eventsOf,
  reportOf,
  startTestStack,
  untilState,
  waitFor,
} from "../support/stack.ts";

describe.skipIf(process.getuid?.() !== 0)("redis-split-brain on real Redis, through Slack's protocol", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  describe("with min-replicas-to-write off", () => {
    let runId: string;
    let card: LocalMessage;
    let report: Report;
    beforeAll(async () => {
      ({ runId, card } = await askForRun(stack, `run redis-split-brain duration=12s baseline=4s ${calm}`));
      // The requester cannot approve, whatever they click.
      await click(stack.slack, alice, card, "approve");
      await waitFor(
        () => stack.slack.messages(),
        (all) => all.some((m) => m.ephemeral_to === alice && /yourself/.test(m.text ?? "")),
        10_000,
      );
      // A double click does nothing twice.
      await Promise.all([approve(stack, card), approve(stack, card)]);
      expect(await untilState(stack, runId, ["completed", "failed", "aborted"])).toBe("completed");
      report = await reportOf(stack, runId);
    });

    it("refutes the hypothesis: two masters accepted writes, and acknowledged ones were lost", () => {
      expect(report.verdicts).toEqual({ hypothesis: "refuted", run: "completed", cleanup: "verified" });
      expect(report.writes.total.lost).toBeGreaterThan(250);
      expect(report.findings.map((finding) => finding.id)).toEqual(
        expect.arrayContaining(["redis.lost-acknowledged-writes", "redis.two-masters-accepted-writes"]),
      );
    });
    it("loses what the timings predict, within 5 %", () => {
      const predicted = report.measures.find((measure) => measure.id === "predicted-loss")?.value ?? 0;
      const lost = report.writes.total.lost ?? 0;
      expect(Math.abs(lost - predicted) / predicted).toBeLessThan(0.05);
    });
    it("agrees with a naive recount of history.jsonl", async () => {
      const text = (await artifact(stack, runId, "history.jsonl")).toString("utf8");
      for (const [client, counts] of Object.entries(recount(text))) {
        expect(report.writes.byClient[client], client).toEqual(counts);
      }
      expect(parseHistory(text.split("\n")).operations.length).toBeGreaterThan(2000);
    });
    it("says for every measure of the issue what it observed", () => {
      const observed = new Map(report.measures.map((measure) => [measure.id, measure.value]));
      for (const id of [
        "sdown",
        "odown",
        "switch-master",
        "first-new-write",
        "demoted",
        "resynced",
        "double-acceptance",
      ]) {
        expect(observed.get(id), id).toBeGreaterThan(0);
      }
    });
    it("validates against the published JSON Schema", () => {
      const schema = JSON.parse(
        readFileSync(new URL("../../src/findings/report.schema.json", import.meta.url), "utf8"),
      ) as object;
      const validate = new Ajv2020({ strict: false }).compile(schema);
      expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    });
    it("was approved exactly once, by somebody else, and injected exactly once", async () => {
      const events = await eventsOf(stack, runId);
      expect(events.filter((event) => event.type === "approved")).toMatchObject([{ by: bob }]);
      expect(events.filter((event) => event.type === "fault-injected")).toHaveLength(1);
      expect(events.map((event) => event.seq)).toEqual(events.map((_event, at) => at + 1));
    });
    it("saw in the data path that the partition took hold", () => {
      const effect = report.timeline.filter((entry) => entry.event.startsWith("fault-"));
      expect(effect.map((entry) => entry.event)).toEqual(["fault-injected", "fault-effective", "fault-removed"]);
    });
    it("leaves nothing on the cluster, and the members agree", async () => {
      const left = await kubectlOk(stack.lab.kubeconfigPath, ["get", "networkchaos,podchaos", "-A", "-o", "name"]);
      expect(left.trim()).toBe("");
      const roles = await Promise.all(
        [0, 1, 2].map((n) =>
          kubectlOk(stack.lab.kubeconfigPath, ["exec", `redis-${n}`, "-n", "cache", "--", "redis-cli", "ROLE"]),
        ),
      );
      expect(roles.filter((role) => role.startsWith("master"))).toHaveLength(1);
    });
    it("tells it in the thread: each message once, in order, ending with chart and files", async () => {
      const thread = await waitFor(
        async () => threadOf(await stack.slack.messages(), card),
        (messages) => messages.some((message) => message.files?.some((file) => file.name === "history.jsonl")),
        20_000,
      );
      const first = (pattern: RegExp): number => thread.findIndex((message) => pattern.test(message.text ?? ""));
      const order = [
        /asks for/,
        /approved plan/,
        /guards hold/,
        /Baseline/,
        /Fault active/,
        /Healing/,
        /hypothesis refuted/,
      ].map(first);
      expect(order.every((at) => at >= 0)).toBe(true);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      for (const pattern of [/asks for/, /approved plan/, /guards hold/, /hypothesis refuted/]) {
        expect(
          thread.filter((message) => pattern.test(message.text ?? "")),
          String(pattern),
        ).toHaveLength(1);
      }
      expect(thread.flatMap((message) => message.files ?? []).map((file) => file.name)).toEqual(
        expect.arrayContaining(["chart.png", "report.md", "report.json", "history.jsonl"]),
      );
      const final = cardOf(await stack.slack.messages(), runId);
      expect(final?.text).toContain("hypothesis refuted");
      expect(JSON.stringify(final?.blocks)).not.toContain("aftershock:approve");
    });
    it("answers findings and status afterwards", async () => {
      expect((await ask(stack.slack, alice, `findings ${runId}`)).text).toContain("hypothesis refuted");
      expect((await ask(stack.slack, alice, "status")).text).toContain(runId);
    });
  });

  describe("with min-replicas-to-write 1 and min-replicas-max-lag 3", () => {
    let report: Report;
    beforeAll(async () => {
      for (const n of [0, 1, 2]) {
        for (const setting of [
          ["min-replicas-to-write", "1"],
          ["min-replicas-max-lag", "3"],
        ]) {
          await kubectlOk(stack.lab.kubeconfigPath, [
            "exec",
            `redis-${n}`,
            "-n",
            "cache",
            "--",
            "redis-cli",
            "CONFIG",
            "SET",
            ...setting,
          ]);
        }
      }
      const { runId, card } = await askForRun(stack, `run redis-split-brain duration=12s baseline=4s ${calm}`);
      await approve(stack, card);
      expect(await untilState(stack, runId, ["completed", "failed", "aborted"])).toBe("completed");
      report = await reportOf(stack, runId);
    });

    it("comes to another verdict: the old master refuses writes after the lag bound, and far fewer are lost", () => {
      const refusedFrom = report.measures.find((measure) => measure.id === "refused-from")?.value ?? 0;
      expect(refusedFrom).toBeGreaterThan(2000);
      expect(refusedFrom).toBeLessThan(6000);
      expect(report.findings.map((finding) => finding.id)).toContain("redis.old-master-stopped-accepting");
      const share = (report.writes.total.lost ?? 0) / report.writes.total.acknowledged;
      expect(share).toBeLessThan(0.3);
      expect(report.writes.total.lost).toBeLessThan(550);
    });
    it("reads the settings from the live servers", () => {
      expect(report.settings).toContainEqual({ member: "redis-0", name: "min-replicas-to-write", value: "1" });
    });
    it("names the setting that limited the loss", () => {
      const lost = report.findings.find((finding) => finding.id === "redis.lost-acknowledged-writes");
      expect(lost?.setting?.name).toBe("min-replicas-max-lag");
      expect(lost?.setting?.value).toBe("3");
    });
  });
});
