import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import { restartDelayAnnotation } from "../../src/lab/runtime/kubelet.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { untilRedisIsSteady } from "../support/redis-steady.ts";
import { approve, artifact, askForRun, calm, reportOf, startTestStack, untilState } from "../support/stack.ts";

const command = `run redis-failover duration=8s baseline=4s recovery=45s maxOutage=10s ${calm}`;

describe.skipIf(process.getuid?.() !== 0)("redis-failover on real Redis, through Slack's protocol", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  const k = (...args: string[]): Promise<string> => kubectlOk(stack.lab.kubeconfigPath, args);
  const uidOf = (pod: string) => k("get", "pod", pod, "-n", "cache", "-o", "jsonpath={.metadata.uid}");
  const roleOf = async (pod: string) => (await k("exec", pod, "-n", "cache", "--", "redis-cli", "ROLE")).split("\n")[0];
  const run = async (): Promise<{ runId: string; report: Report }> => {
    await untilRedisIsSteady(stack);
    const { runId, card } = await askForRun(stack, command);
    await approve(stack, card);
    expect(await untilState(stack, runId, ["completed"], 120_000)).toBe("completed");
    return { runId, report: await reportOf(stack, runId) };
  };
  let previous = "";
  const measures = (report: Report) => new Map(report.measures.map(({ id, value }) => [id, value]));

  it("promotes a replica, and finds what the returned master took and lost", async () => {
    const before = await uidOf("redis-0");
    const { runId, report } = await run();
    const found = measures(report);
    previous = runId;
    expect(report.verdicts).toMatchObject({ run: "completed", cleanup: "verified" });
    for (const id of ["sdown", "odown", "switch-master", "first-new-write", "back", "demoted", "resynced"]) {
      expect(found.get(id), id).toBeGreaterThan(0);
    }
    // In the order of cause and effect, and the detection no sooner than it was set to be.
    expect(found.get("sdown")).toBeGreaterThanOrEqual(1900);
    expect(found.get("switch-master")).toBeGreaterThanOrEqual(found.get("odown") ?? Infinity);
    expect(found.get("first-new-write")).toBeLessThan(found.get("back") ?? 0);
    // What the servers themselves say, by plain client commands.
    expect(await uidOf("redis-0")).not.toBe(before);
    expect(await roleOf("redis-0")).toBe("slave");
    const newMaster = report.timeline.find(({ event }) => event === "+switch-master")?.detail["to"];
    expect(await roleOf(String(newMaster))).toBe("master");
    // The pinned client found the returned master writable, until Sentinel demoted it.
    expect(report.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["redis.returned-as-master", "redis.key-written-on-both-sides", "redis.failover-time"]),
    );
    const counts = recount((await artifact(stack, runId, "history.jsonl")).toString("utf8"));
    expect(report.writes.byClient).toEqual(counts);
    expect(report.writes.total.lost).toBeGreaterThan(0);
  });

  it("finds the master that was back before it was missed, and all that it took from its replicas", async () => {
    const annotations = { [restartDelayAnnotation]: "0" };
    const patch = JSON.stringify({ spec: { template: { metadata: { annotations } } } });
    await k("patch", "statefulset", "redis", "-n", "cache", "--type", "merge", "-p", patch);
    // The pods that are there still carry the old delay; a kill before the run makes new ones of them.
    await k("delete", "pod", "redis-0", "redis-1", "redis-2", "-n", "cache", "--grace-period=0", "--force");
    // Long enough that a start on a busy machine is not missed either.
    for (const at of [0, 1, 2]) {
      const setting = ["SENTINEL", "SET", "mymaster", "down-after-milliseconds", "8000"];
      await k("exec", `redis-sentinel-${at}`, "-n", "cache", "--", "redis-cli", "-p", "26379", ...setting);
    }
    const { runId, report } = await run();
    expect(report.findings.map(({ id }) => id)).toContain("redis.master-back-before-missed");
    expect(measures(report).get("switch-master")).toBeNull();
    expect(report.verdicts.hypothesis).toBe("refuted");
    // Nothing had been saved: everything acknowledged before the kill is gone, on the replicas too.
    expect(report.writes.total.lost).toBeGreaterThan(250);
    // The second run of one experiment on one target: it is compared with the first.
    expect(report.comparison).toMatchObject({ run: previous, parameters: [] });
    expect(report.comparison?.rows.find(({ id }) => id === "switch-master")).toMatchObject({
      before: expect.any(Number),
      now: null,
      change: "not-comparable",
    });
    expect((await artifact(stack, runId, "report.md")).toString("utf8")).toContain(`## Compared with ${previous}`);
    // Its own failover was none, so the claim stands beside what the first run measured.
    const claimed = report.recoveryTimes.find(({ title }) => title === "Redis with Sentinel");
    expect(claimed?.measured).toMatchObject({ run: previous, experiment: "redis-failover" });
  });
});
