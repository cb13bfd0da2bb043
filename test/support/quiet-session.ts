import type { SystemSession } from "../../src/probes/system.ts";

/** Test double of an opened system in which nothing ever goes wrong: a master, a replica, and no clients. */
export function quietSession(): SystemSession {
  return {
    describe: async () => ({ clients: [], members: ["redis-0", "redis-1"] }),
    topology: async () => ({ groups: { master: ["redis-0"], replicas: ["redis-1"] }, summary: "master redis-0" }),
    settings: async () => [],
    start: async () => ({
      status: () => ({ atMs: 0, clients: [] }),
      onEvent: () => undefined,
      stop: async () => undefined,
    }),
    awaitConvergence: async () => ({ converged: true, summary: "all agree" }),
    proveConnected: async () => ({ ok: true, pairs: [] }),
    finalReads: async () => [],
    cleanUp: async () => undefined,
    close: async () => undefined,
  } as unknown as SystemSession;
}
