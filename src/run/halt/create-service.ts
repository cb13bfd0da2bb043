import { randomUUID } from "node:crypto";
import type { Authoriser } from "../../approvals/authoriser.ts";
import { noFacts } from "../../approvals/people.ts";
import type { Cluster } from "../../cluster/port.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { inTransaction, type Database } from "../../store/database.ts";
import {
  appendHaltEvents,
  clustersOf,
  countStopped,
  findHalt,
  haltedRuns,
  insertHalt,
  liftHalt,
  openHalt,
} from "../../store/halts.ts";
import { enforce } from "../decide.ts";
import type { Actor } from "../service.ts";
import type { Halt, HaltCluster } from "./halt.ts";
import { note } from "./keeper.ts";
import { deleteLatch, latchOf, readLatch, writeLatch } from "./latch.ts";
import type { HaltService } from "./service.ts";
import { stopRuns } from "./stop-runs.ts";

/** A cluster that has not answered by then is named as not reached; the keeper goes on trying. */
const clusterTimeoutMs = 5000;

type Act = (cluster: Cluster, signal: AbortSignal) => Promise<void>;

export interface HaltServiceOptions {
  database: Database;
  authoriser: Authoriser;
  clusters: readonly Cluster[];
}

/** The HaltService on PostgreSQL and the clusters. */
export function createHaltService({ database, authoriser, clusters }: HaltServiceOptions): HaltService {
  /** Does it on all clusters at once; resolves to what went wrong on each, or null. */
  const everyCluster = (act: Act): Promise<Array<{ cluster: string; problem: string | null }>> =>
    Promise.all(
      clusters.map(async (cluster) => ({
        cluster: cluster.name,
        problem: await act(cluster, AbortSignal.timeout(clusterTimeoutMs)).then(() => null, messageOf),
      })),
    );
  /** The same, noted: `state` is what those that could be reached are in then. */
  const everywhere = async (halt: Halt, state: HaltCluster["state"], act: Act): Promise<HaltCluster[]> => {
    const done = await everyCluster(act);
    const seen = done.map(({ cluster, problem }): HaltCluster => ({
      cluster,
      problem,
      state: problem === null ? state : "unreachable",
    }));
    for (const one of seen) await note(database, halt, one);
    return seen;
  };

  return {
    halt: async (actor, reason) => {
      // Nothing is looked up for it: stopping must not wait for Slack.
      enforce(authoriser.judge({ act: "halt", actor }, noFacts));
      const inserted = await open(database, actor, reason ?? null);
      const halt = inserted ?? (await openHalt(database));
      if (halt === null) throw new Error("the halt was lifted while it was set");
      // Keepers stop runs at the same time: what counts is how many were, not by whom.
      const before = inserted === null ? await countStopped(database, halt.id) : 0;
      const [, told] = await Promise.all([
        stopRuns(database, halt),
        everywhere(halt, "latched", async (cluster, signal) => void (await writeLatch(cluster, latchOf(halt), signal))),
      ]);
      const stopped = (await countStopped(database, halt.id)) - before;
      return { halt, heldBefore: inserted === null, stopped, clusters: told };
    },
    resume: async (actor, reason) => {
      enforce(await authoriser.decide({ act: "resume", actor }));
      const halt = await openHalt(database);
      if (halt === null) {
        throw new AftershockError("not_pending", "Nothing is halted.", "See what runs: /chaos status");
      }
      // Latches that stand alone go first, while this one still holds: nobody shall take them for a new halt.
      await everyCluster(async (cluster, signal) => removeLatch(cluster, signal, (found) => found !== halt.latch));
      await inTransaction(database, async (client) => {
        if (!(await liftHalt(client, halt.id, actor.userId, reason ?? null))) return;
        await appendHaltEvents(client, halt.id, [{ type: "resumed", by: actor.userId, reason: reason ?? null }]);
      });
      const told = await everywhere(halt, "lifted", async (cluster, signal) =>
        removeLatch(cluster, signal, () => true),
      );
      return { halt: (await findHalt(database, halt.id)) ?? halt, clusters: told };
    },
    current: async () => {
      const halt = await openHalt(database);
      if (halt === null) return null;
      const [states, runs] = await Promise.all([clustersOf(database, halt.id), haltedRuns(database, halt.id)]);
      return { halt, clusters: states, runs };
    },
  };
}

/** Removes a cluster's latch if its number fits. */
async function removeLatch(cluster: Cluster, signal: AbortSignal, fits: (latch: string) => boolean): Promise<void> {
  const latch = await readLatch(cluster, signal);
  if (latch !== null && fits(latch.latch)) await deleteLatch(cluster, latch, signal);
}

/** The latch alone, in a transaction of its own: it holds from its commit on, and what had started is there to be stopped. */
function open(database: Database, actor: Actor, reason: string | null): Promise<Halt | null> {
  return inTransaction(database, async (client) => {
    const by = actor.userId;
    const halt = await insertHalt(client, {
      latch: randomUUID(),
      by,
      reason,
      // In the App Home there is no channel to tell it in.
      channelId: actor.channelId === "" ? null : actor.channelId,
      fromCluster: null,
    });
    if (halt !== null) await appendHaltEvents(client, halt.id, [{ type: "halted", by, reason, fromCluster: null }]);
    return halt;
  });
}
