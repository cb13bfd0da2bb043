import { describe, expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/port.ts";
import type { SystemAdapter, SystemSession } from "../../src/probes/system.ts";
import { proveAfresh } from "../../src/run/prove-afresh.ts";
import { createRegistry } from "../../src/run/systems.ts";
import type { StoredFault } from "../../src/store/faults.ts";
import { plan } from "../support/database.ts";

const fault: StoredFault = {
  faultId: "partition",
  cluster: "lab",
  kind: "NetworkChaos",
  namespace: "cache",
  name: "run-1-partition",
  manifest: { apiVersion: "v1", kind: "NetworkChaos", metadata: { name: "run-1-partition" } },
  targets: {
    subject: [{ pod: "redis-0", uid: "a", host: "10.0.0.1" }],
    target: [{ pod: "redis-1", uid: "b", host: "10.0.0.2" }],
  },
  state: "removed",
};

/** A double of a system that has just been healed: it cannot be opened at first, and may not take the tidying. */
function proofs(world: { opensAfter: number; tidies: boolean; patienceMs?: number }) {
  const tried = { opens: 0, log: [] as string[] };
  const session = {
    proveConnected: async () => ({ ok: true, pairs: [{ from: "redis-0", to: "redis-1", ok: true, detail: "PONG" }] }),
    cleanUp: async () => {
      if (!world.tidies) throw new Error("no leader");
    },
    close: async () => undefined,
  } as unknown as SystemSession;
  const system: SystemAdapter = {
    name: plan.system,
    open: async () => {
      tried.opens += 1;
      if (tried.opens <= world.opensAfter) throw new Error("no leader");
      return session;
    },
  };
  const cluster = { name: "lab", placement: () => ({}) } as unknown as Cluster;
  const registry = createRegistry({ experiments: [], clusters: [cluster], systems: [system] });
  const proven = proveAfresh(
    { registry, log: (message) => tried.log.push(message) },
    { id: "run-1", plan },
    [fault],
    new AbortController().signal,
    { patienceMs: world.patienceMs ?? 30_000 },
  );
  return { proven, tried };
}

describe("proving afresh that a run's faults are gone", () => {
  it("gives a system that was just healed time to be opened", async () => {
    const { proven, tried } = proofs({ opensAfter: 2, tidies: true });
    expect(await proven).toMatchObject([{ ok: true, detail: "1 of 1 paths answer" }]);
    expect(tried.opens).toBe(3);
  });
  it("takes no tidying that failed for a fault that is left", async () => {
    const { proven, tried } = proofs({ opensAfter: 0, tidies: false });
    expect(await proven).toMatchObject([{ ok: true, detail: "1 of 1 paths answer" }]);
    expect(tried.log).toEqual(["probe keys stay until they expire"]);
  });
  it("proves nothing through a system that stays closed", async () => {
    const { proven } = proofs({ opensAfter: 99, tidies: true, patienceMs: 100 });
    expect(await proven).toEqual([
      { type: "healing-proof", what: "the data path was tried", ok: false, detail: "no leader" },
    ]);
  });
});
