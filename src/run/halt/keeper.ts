import type { Cluster } from "../../cluster/port.ts";
import { messageOf } from "../../errors.ts";
import { inTransaction, type Database } from "../../store/database.ts";
import {
  appendHaltEvents,
  haltedRuns,
  haltOfLatch,
  insertHalt,
  liftHalt,
  noteCluster,
  noteSettled,
  openHalt,
} from "../../store/halts.ts";
import { listen } from "../../store/listen.ts";
import { decide } from "./decide.ts";
import type { Held } from "./gate.ts";
import type { Halt, HaltCluster } from "./halt.ts";
import { deleteLatch, latchOf, readLatch, writeLatch, type Latch } from "./latch.ts";
import { stopRuns } from "./stop-runs.ts";

/** One look at a cluster's latch; a cluster that hangs must not hold up the others, nor the next look. */
const clusterTimeoutMs = 3000;

export interface KeeperDeps {
  database: Database;
  clusters: readonly Cluster[];
  /** Stops what this process conducts: at once, and also when the database cannot be asked. */
  onHeld: (held: Held) => void;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

export interface Keeper {
  /** Looks now instead of at the next turn. */
  wake(): void;
  stop(): Promise<void>;
}

/**
 * Keeps the latch in the database and on every cluster one latch, stops what runs while it is set, and says once when
 * everything is healed. Woken by NOTIFY; looks by itself every `everyMs`. Several at once do no harm.
 */
export function startKeeper(deps: KeeperDeps, everyMs: number): Keeper {
  let working: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  const onError = (error: unknown): void => deps.log("the halt's keeper", { error: messageOf(error) });
  const unreachable = new Set<string>();
  /** Logged when it begins and when it ends, not at every look. */
  const noteReach = (cluster: string, problem: string | null): void => {
    if (problem !== null && !unreachable.has(cluster)) {
      deps.log("the latch of a cluster cannot be looked at", { cluster, problem });
      unreachable.add(cluster);
    } else if (problem === null && unreachable.delete(cluster)) {
      deps.log("the latch of the cluster can be looked at again", { cluster });
    }
  };
  const wake = (): void => {
    if (stopped) return;
    again = true;
    working ??= (async () => {
      do {
        again = false;
        await keepOnce(deps, noteReach).catch(onError);
      } while (again && !stopped);
    })().finally(() => (working = null));
  };
  const listener = listen(deps.database, "halts", wake, onError);
  const timer = setInterval(wake, everyMs);
  wake();
  return {
    wake,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await listener.stop();
      await working;
    },
  };
}

/** One look everywhere, and what follows from it. */
export async function keepOnce(
  deps: KeeperDeps,
  noteReach: (cluster: string, problem: string | null) => void = () => undefined,
): Promise<void> {
  const { database, clusters } = deps;
  await obeyDatabase(deps);
  await Promise.all(
    clusters.map(async (cluster) => {
      const problem = await keepCluster(deps, cluster).then(
        () => null,
        (error: unknown) => messageOf(error),
      );
      noteReach(cluster.name, problem);
      if (problem === null) return;
      const halt = await openHalt(database).catch(() => null);
      if (halt !== null) await note(database, halt, { cluster: cluster.name, state: "unreachable", problem });
    }),
  );
  const halt = await openHalt(database);
  if (halt !== null && halt.settledAt === null) await settle(database, halt);
}

async function obeyDatabase(deps: KeeperDeps): Promise<void> {
  const halt = await openHalt(deps.database).catch((error: unknown) => {
    // The clusters' own latches are looked at all the same.
    deps.log("the database cannot be asked for a halt", { error: messageOf(error) });
    return null;
  });
  if (halt === null) return;
  deps.onHeld(halt);
  await stopRuns(deps.database, halt);
}

async function keepCluster(deps: KeeperDeps, cluster: Cluster): Promise<void> {
  const { database } = deps;
  const signal = AbortSignal.timeout(clusterTimeoutMs);
  const latch = await readLatch(cluster, signal);
  const asked = await ask(database, latch).catch((error: unknown) => ({ error }));
  if ("error" in asked) {
    // Nobody to ask whether it was lifted: a latch that is there holds.
    if (latch !== null) deps.onHeld({ by: latch.by, reason: latch.reason, at: latch.since });
    throw asked.error;
  }
  const step = decide({ ...asked, cluster: cluster.name, latch });
  switch (step.do) {
    case "nothing":
      return;
    case "adopt": {
      const halt = await adopt(database, cluster.name, step.latch);
      if (halt === null) return;
      deps.onHeld(halt);
      await stopRuns(database, halt);
      return;
    }
    case "write":
      await writeLatch(cluster, latchOf(step.halt), signal);
      return note(database, step.halt, { cluster: cluster.name, state: "latched", problem: null });
    case "note":
      if (asked.open !== null) {
        await note(database, asked.open, { cluster: cluster.name, state: "latched", problem: null });
      }
      return;
    case "remove":
      await deleteLatch(cluster, step.latch, signal);
      if (asked.known !== null) {
        await note(database, asked.known, { cluster: cluster.name, state: "lifted", problem: null });
      }
      return;
    case "lift":
      return lift(database, step.halt, cluster.name);
  }
}

async function ask(database: Database, latch: Latch | null) {
  const open = await openHalt(database);
  const known = latch === null ? null : await haltOfLatch(database, latch.latch);
  return { open, known };
}

/** A cluster's latch becomes the database's halt. Null: another process was first. */
async function adopt(database: Database, cluster: string, latch: Latch): Promise<Halt | null> {
  const { by, reason } = latch;
  return inTransaction(database, async (client) => {
    const halt = await insertHalt(client, { latch: latch.latch, by, reason, channelId: null, fromCluster: cluster });
    if (halt === null) return null;
    await noteCluster(client, halt.id, { cluster, state: "latched", problem: null });
    await appendHaltEvents(client, halt.id, [
      { type: "halted", by, reason, fromCluster: cluster },
      { type: "cluster", cluster, state: "latched", problem: null },
    ]);
    return halt;
  });
}

async function lift(database: Database, halt: Halt, cluster: string): Promise<void> {
  await inTransaction(database, async (client) => {
    const by = `aftershock resume on cluster ${cluster}`;
    if (!(await liftHalt(client, halt.id, by, null))) return;
    await noteCluster(client, halt.id, { cluster, state: "lifted", problem: null });
    await appendHaltEvents(client, halt.id, [{ type: "resumed", by, reason: null }]);
  });
}

/** How a cluster stands to a halt, in the trail when it is news. */
export async function note(database: Database, halt: Halt, seen: HaltCluster): Promise<void> {
  await inTransaction(database, async (client) => {
    if (await noteCluster(client, halt.id, seen))
      await appendHaltEvents(client, halt.id, [{ type: "cluster", ...seen }]);
  });
}

/** Says once what became of every run, when the last has no fault any more. */
async function settle(database: Database, halt: Halt): Promise<void> {
  const runs = await haltedRuns(database, halt.id);
  if (runs === null) return;
  await inTransaction(database, async (client) => {
    if (await noteSettled(client, halt.id)) await appendHaltEvents(client, halt.id, [{ type: "settled", runs }]);
  });
}
