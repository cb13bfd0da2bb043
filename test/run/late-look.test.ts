import { describe, expect, it } from "vitest";
import type { Cluster, KubernetesObject } from "../../src/cluster/port.ts";
import { removeLabelled } from "../../src/run/heal.ts";
import { defaultHealDeadlines } from "../../src/run/ladder/steps.ts";

/** A double of a cluster that does not answer so many listings; an API server that hangs is in test/chaos/hostile. */
function silentFor(listings: number): { cluster: Cluster; asked: () => number } {
  let asked = 0;
  const listChaos = (): Promise<KubernetesObject[]> => {
    asked += 1;
    return asked <= listings ? new Promise(() => undefined) : Promise.resolve([]);
  };
  return { cluster: { listChaos } as unknown as Cluster, asked: () => asked };
}

const look = (cluster: Cluster) =>
  removeLabelled({
    runId: "run-1",
    cluster,
    tools: { cluster, signal: new AbortController().signal },
    deadlines: { ...defaultHealDeadlines, callMs: 30 },
  });

describe("the last look for what is left", () => {
  it("asks again a cluster that hangs for a while", async () => {
    const { cluster, asked } = silentFor(2);
    expect(await look(cluster)).toEqual([expect.objectContaining({ ok: true, detail: "none found" })]);
    expect(asked()).toBe(3);
  });

  it("proves nothing when the cluster never answers, and ends all the same", async () => {
    const { cluster, asked } = silentFor(Infinity);
    expect(await look(cluster)).toEqual([
      expect.objectContaining({ ok: false, detail: expect.stringContaining("did not answer") as string }),
    ]);
    expect(asked()).toBe(3);
  });
});
