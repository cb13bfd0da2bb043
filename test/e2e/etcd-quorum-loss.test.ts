import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import {
  alice,
  approve,
  artifact,
  askForRun,
  calm,
  eventsOf,
  reportOf,
  startTestStack,
  untilState,
  waitFor,
} from "../support/stack.ts";

describe.skipIf(process.getuid?.() !== 0)("etcd-quorum-loss on real etcd, through Slack's protocol", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  const etcdctl = (pod: string, ...args: string[]) =>
    kubectl(stack.lab.kubeconfigPath, ["exec", pod, "-n", "etcd", "--", "etcdctl", ...args]);
  const survivorOf = async (runId: string): Promise<string> => {
    const intended = (await eventsOf(stack, runId)).find((event) => event.type === "fault-intended");
    const down = intended?.type === "fault-intended" ? intended.pods : [];
    return ["etcd-0", "etcd-1", "etcd-2"].find((pod) => !down.includes(pod)) ?? "";
  };

  it("finds the survivor refusing, as the module's commands do, and nothing lost", async () => {
    const { runId, card } = await askForRun(
      stack,
      `run etcd-quorum-loss duration=14s baseline=4s recovery=30s ${calm}`,
    );
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    const survivor = await survivorOf(runId);
    const refused = await etcdctl(survivor, "put", "/test/key", "value");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toMatch(/context deadline exceeded|no leader|request timed out/);
    expect(await untilState(stack, runId, ["completed"], 120_000)).toBe("completed");

    const report = await reportOf(stack, runId);
    expect(report.verdicts, report.because).toEqual({ hypothesis: "held", run: "completed", cleanup: "verified" });
    expect(report.writes.byClient).toEqual(recount((await artifact(stack, runId, "history.jsonl")).toString("utf8")));
    const found = new Map(report.measures.map(({ id, value }) => [id, value]));
    expect(found.get("writes-without-quorum")).toBe(0);
    expect(found.get("serializable-without-quorum")).toBeGreaterThan(100);
    expect(report.findings.flatMap(({ evidence }) => evidence).join("\n")).toMatch(/etcdserver: no leader/);

    // What the servers themselves say: healthy, and the same at the same revision.
    const health = await etcdctl("etcd-0", "endpoint", "health", "--cluster");
    expect(`${health.stdout}${health.stderr}`.match(/is healthy/g)).toHaveLength(3);
    const hashes = JSON.parse(
      (await etcdctl("etcd-0", "endpoint", "hashkv", "--cluster", "-w", "json")).stdout,
    ) as Array<{
      HashKV: { hash: number };
    }>;
    expect(new Set(hashes.map((entry) => entry.HashKV.hash)).size).toBe(1);
    const left = await etcdctl("etcd-0", "get", "aftershock/", "--prefix", "--keys-only");
    expect(left.stdout.trim()).toBe("");
  });

  it("lets the members go when it is stopped", async () => {
    const { runId, card } = await askForRun(stack, "run etcd-quorum-loss duration=5m baseline=3s recovery=30s");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    await ask(stack.slack, alice, `abort ${runId}`);
    await untilState(stack, runId, ["aborted"]);
    expect((await reportOf(stack, runId)).verdicts).toMatchObject({ run: "aborted", cleanup: "verified" });
    expect(await kubectlOk(stack.lab.kubeconfigPath, ["get", "podchaos", "-A", "-o", "name"])).toBe("");
    await waitFor(
      () => etcdctl("etcd-0", "endpoint", "health", "--cluster"),
      ({ exitCode }) => exitCode === 0,
      20_000,
    );
  });
});
