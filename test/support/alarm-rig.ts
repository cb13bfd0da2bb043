import type { SystemAdapter, SystemSession } from "../../src/probes/system.ts";
import { createAlarmService } from "../../src/run/alarms/create-service.ts";
import { raiseIfUnproven } from "../../src/run/alarms/raise.ts";
import type { Paging } from "../../src/run/alarms/alarm.ts";
import type { KeeperDeps } from "../../src/run/alarms/keeper.ts";
import type { AlarmService } from "../../src/run/alarms/service.ts";
import { normaliseRunId } from "../../src/run/decide.ts";
import type { RunEvent } from "../../src/run/events.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { AftershockError } from "../../src/errors.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { insertFault } from "../../src/store/faults.ts";
import { findRun } from "../../src/store/runs.ts";
import { insertTestRun, type TestDatabase } from "./database.ts";
import { scriptedCluster, stuckPartition, type Script } from "./scripted-cluster.ts";

export interface AlarmRig {
  script: Script;
  deps: KeeperDeps;
  service: AlarmService;
  /** Whether the system's own paths can be tried, and who may have a pod restarted. */
  world: { connected: boolean; restarters: string[] };
  /** An ended run with one partition and an alarm, on a target of its own. */
  alarmed(state?: string): Promise<string>;
  events(runId: string): Promise<RunEvent[]>;
}

export const now: Paging = { againAfterMs: [0], recheckAfterMs: [0], groups: ["S0OPS"], channelId: "C0OPS" };

/** Alarms on a real PostgreSQL. Cluster and system are doubles; the real ones are in test/e2e/ladder.test.ts. */
export function alarmRig(db: TestDatabase, paging: Paging = now): AlarmRig {
  const { cluster, script } = scriptedCluster();
  const world = { connected: true, restarters: ["U0BOB"] };
  const deps: KeeperDeps = {
    database: db.database,
    registry: createRegistry({ experiments: [], clusters: [cluster], systems: [system(world)] }),
    healDeadlines: { deleteMs: 100, forceMs: 100, reachMs: 100, callMs: 100 },
    paging,
    log: () => undefined,
  };
  const service = createAlarmService({
    database: db.database,
    normaliseRunId,
    allow: async (act, actor) => {
      if (act !== "restart" || world.restarters.includes(actor.userId)) return;
      throw new AftershockError("not_allowed", "That is not for you.", "Ask Bob.");
    },
  });
  return {
    script,
    deps,
    service,
    world,
    alarmed: async (state = "aborted") => {
      const runId = await insertTestRun(db.database, "C0RUNS");
      const name = `${runId}-partition`;
      await insertFault(db.database, runId, {
        faultId: "partition",
        cluster: "lab",
        kind: "NetworkChaos",
        namespace: "cache",
        name,
        manifest: stuckPartition(name, runId),
        targets: {
          subject: [{ pod: "redis-0", uid: "u0", host: "10.0.0.1" }],
          target: [{ pod: "redis-1", uid: "u1", host: "10.0.0.2" }],
        },
      });
      await db.database.query("update runs set state = $2, ended_at = clock_timestamp() where id = $1", [runId, state]);
      const run = await findRun(db.database, runId);
      if (run === null) throw new Error("no run");
      const proofs = [
        { type: "healing-proof", what: `NetworkChaos cache/${name} is gone`, ok: false, detail: "it stays" },
      ];
      await raiseIfUnproven(db.database, { run, proofs: proofs as never, paging });
      return runId;
    },
    events: (runId) => eventsAfter(db.database, runId, 0),
  };
}

function system(world: AlarmRig["world"]): SystemAdapter {
  const session = {
    proveConnected: async () => {
      if (!world.connected) throw new Error("no path can be tried");
      return { ok: true, pairs: [{ from: "redis-0", to: "redis-1", ok: true, detail: "" }] };
    },
    cleanUp: async () => undefined,
    close: async () => undefined,
  } as unknown as SystemSession;
  return { name: "redis-sentinel", open: async () => session };
}
