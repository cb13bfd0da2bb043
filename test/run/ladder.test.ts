import { describe, expect, it } from "vitest";
import type { FaultTools } from "../../src/run/faults/fault-kind.ts";
import { climb } from "../../src/run/ladder/ladder.ts";
import type { HealDeadlines, HealStep } from "../../src/run/ladder/steps.ts";
import { scriptedCluster, stuckPartition, type Script } from "../support/scripted-cluster.ts";

const ref = { kind: "NetworkChaos", name: "run-1-cut", namespace: "cache" };
const quick: HealDeadlines = { deleteMs: 300, forceMs: 300, reachMs: 300, callMs: 100 };

function ladder(options: { sticky?: boolean; stubborn?: boolean } = {}) {
  const { cluster, script } = scriptedCluster([stuckPartition(ref.name)]);
  if (options.sticky === true) script.sticky.add("NetworkChaos/run-1-cut");
  if (options.stubborn === true) script.stubborn.add("NetworkChaos/run-1-cut");
  const steps: HealStep[] = [];
  const lost = new AbortController();
  const tools: FaultTools = { cluster, signal: lost.signal, onStep: (step) => void steps.push(step) };
  const names = (): string[] => steps.map(({ step }) => step);
  return { script, steps, lost, tools, names };
}

const child = (script: Script, failedMessage: string): void =>
  void script.objects.set("PodNetworkChaos/redis-0", {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "PodNetworkChaos",
    metadata: { name: "redis-0", namespace: "cache" },
    status: { failedMessage },
  });

describe("the abort ladder", () => {
  it("is over at its first rung for an object that goes", async () => {
    const { tools, names } = ladder();
    expect(await climb(ref, tools, quick)).toMatchObject({ ok: true, detail: "deleted" });
    expect(names()).toEqual(["delete", "gone"]);
  });

  it("says why an object stays, frees it of its finalizers, and vouches for nothing then", async () => {
    const { tools, script, steps, names } = ladder({ sticky: true });
    child(script, "unable to flush ip sets");
    const proof = await climb(ref, tools, quick);
    expect(proof).toMatchObject({ ok: false, detail: expect.stringContaining("nobody vouches") });
    expect(names()).toEqual(["delete", "stuck", "forced", "gone"]);
    const stuck = steps.find(({ step }) => step === "stuck");
    expect(stuck?.detail).toBe("cache/redis-0: nft: <no> such file; PodNetworkChaos redis-0: unable to flush ip sets");
    expect(stuck?.pods).toEqual(["redis-0"]);
    expect(steps.every(({ afterMs }, at) => afterMs >= (steps[at - 1]?.afterMs ?? 0))).toBe(true);
  });

  it("says when the daemon that would have to take the rules away is not ready", async () => {
    const { tools, script, steps } = ladder({ sticky: true });
    script.daemons = script.daemons.map((daemon) => ({ ...daemon, ready: false }));
    await climb(ref, tools, quick);
    expect(steps.find(({ step }) => step === "stuck")?.detail).toContain("the chaos-daemon of node-1 is not ready");
  });

  it("cuts what the cluster says to what can be shown", async () => {
    const { tools, script, steps } = ladder({ sticky: true });
    child(script, "x".repeat(50_000));
    await climb(ref, tools, quick);
    expect(steps.find(({ step }) => step === "stuck")?.detail.length).toBeLessThan(1000);
  });

  it("offers a restart of the target before it uses force, and is healed when that helps", async () => {
    const { tools, script, names } = ladder({ sticky: true });
    const mend = async (): Promise<void> => void script.objects.delete("NetworkChaos/run-1-cut");
    const proof = await climb(ref, { ...tools, mend }, { ...quick, offerMs: 2000 });
    expect(proof).toMatchObject({ ok: true, detail: "deleted, after its target was restarted" });
    expect(names()).toEqual(["delete", "stuck", "restart-offered", "gone"]);
    expect(script.calls.some((call) => call.startsWith("free"))).toBe(false);
  });

  it("offers nothing where nobody could be asked", async () => {
    const { tools, names } = ladder({ sticky: true });
    await climb(ref, tools, { ...quick, offerMs: 60_000 });
    expect(names()).not.toContain("restart-offered");
  });

  it("gives up aloud on an object that even force does not move", async () => {
    const { tools, names } = ladder({ stubborn: true });
    expect(await climb(ref, tools, quick)).toMatchObject({ ok: false, detail: "still there" });
    expect(names()).toEqual(["delete", "stuck", "forced", "gave-up"]);
  });

  it.each(["hangs", "fails"] as const)("ends within its bounds when the server %s for ever", async (trouble) => {
    const { tools, script, names } = ladder();
    script.trouble = trouble;
    const startedAt = performance.now();
    const proof = await climb(ref, tools, quick);
    expect(proof.ok).toBe(false);
    expect(names()).toContain("unreachable");
    expect(names().at(-1)).toBe("gave-up");
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it("counts the time to go from a DELETE that was taken, and asks a silent server again before", async () => {
    const { tools, script, names } = ladder();
    script.trouble = "hangs";
    setTimeout(() => (script.trouble = "works"), 900);
    expect(await climb(ref, tools, { ...quick, deleteMs: 200, reachMs: 20_000 })).toMatchObject({ ok: true });
    expect(names()).toEqual(["delete", "unreachable", "gone"]);
  });

  it("stops at once when the lease is lost, in the middle of a call that hangs", async () => {
    const { tools, script, lost } = ladder();
    script.trouble = "hangs";
    const climbing = climb(ref, tools, { deleteMs: 60_000, forceMs: 60_000 });
    setTimeout(() => lost.abort(new Error("the lease is lost")), 50);
    await expect(climbing).rejects.toThrow("the lease is lost");
    expect(script.calls).toEqual(["delete NetworkChaos/run-1-cut"]);
  });
});
