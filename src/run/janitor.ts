import type { Cluster } from "../cluster/port.ts";
import { messageOf } from "../errors.ts";
import { askCheck } from "../store/alarms.ts";
import { databaseNow, inTransaction, type Database, type Queryable } from "../store/database.ts";
import { oneAtATime } from "../store/one-at-a-time.ts";
import { withSessionLock } from "../store/session-lock.ts";
import { appendEvents } from "../store/events.ts";
import { appendNotice } from "../store/notices.ts";
import { runFacts } from "../store/run-facts.ts";
import { findRun } from "../store/runs.ts";
import type { Paging } from "./alarms/alarm.ts";
import { raiseIfUnproven } from "./alarms/raise.ts";
import type { HealDeadlines } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";
import { judgeLeftover } from "./leftovers/judge-leftover.ts";
import { findOwnObjects, isThere, type OwnObject } from "./leftovers/own-objects.ts";
import { joinSignals } from "../join-signals.ts";

/** Of `pg_try_advisory_xact_lock`: one worker sweeps at a time, so that nothing is reported twice. */
const sweepLock = 7_116_170_042;
/** A cluster that hangs must not hold up the sweep of the others for ever. */
const listTimeoutMs = 20_000;

export interface JanitorDeps {
  database: Database;
  clusters: readonly Cluster[];
  healDeadlines: HealDeadlines;
  /** Whom to page when something of a run that is known stays. */
  paging: Paging | undefined;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

export interface Janitor {
  stop(): Promise<void>;
}

/** What a janitor remembers between its sweeps. */
export interface Memory {
  /** When each object was first seen without a run, by a clock that only rises. Milliseconds. */
  firstSeenMs: Map<string, number>;
  /** Objects that stayed, and were reported. */
  reported: Set<string>;
  /** Clusters that could not be looked at, and were logged. */
  unreachable: Set<string>;
}

export function emptyMemory(): Memory {
  return { firstSeenMs: new Map(), reported: new Set(), unreachable: new Set() };
}

/**
 * Heals what carries our mark and belongs to no live run, on every cluster: at once, and then every `everyMs`. What
 * carries no mark of ours is never touched, nor what a live run may still want: a run without a worker is the
 * reconciler's.
 */
export function startJanitor(deps: JanitorDeps, everyMs: number): Janitor {
  const memory = emptyMemory();
  const ended = new AbortController();
  const swept = oneAtATime(
    // A little less than a turn, so that the second look at the same object is enough.
    () => sweep(deps, memory, { graceMs: 0.8 * everyMs, signal: ended.signal }),
    (error) => deps.log("the janitor could not sweep", { error: messageOf(error) }),
  );
  swept.go();
  const timer = setInterval(swept.go, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      ended.abort(new Error("the janitor stops"));
      await swept.over();
    },
  };
}

/** Looks at every cluster once. Does nothing while another worker's janitor does. */
export async function sweep(
  deps: JanitorDeps,
  memory: Memory,
  options: { graceMs: number; signal: AbortSignal },
): Promise<void> {
  await withSessionLock(deps.database, sweepLock, async () => {
    await Promise.all(
      deps.clusters.map(async (cluster) => {
        try {
          await sweepCluster(deps, cluster, memory, options);
          memory.unreachable.delete(cluster.name);
        } catch (error) {
          if (options.signal.aborted || memory.unreachable.has(cluster.name)) return;
          memory.unreachable.add(cluster.name);
          deps.log("the janitor cannot look at a cluster", { cluster: cluster.name, error: messageOf(error) });
        }
      }),
    );
  });
}

async function sweepCluster(
  deps: JanitorDeps,
  cluster: Cluster,
  memory: Memory,
  { graceMs, signal }: { graceMs: number; signal: AbortSignal },
): Promise<void> {
  const bounded = joinSignals(signal, AbortSignal.timeout(listTimeoutMs));
  const { objects } = await findOwnObjects(cluster, bounded);
  const orphans = await orphansAmong(deps.database, objects, memory, graceMs);
  await Promise.all(
    orphans.map(async ({ object, why }) => {
      // Its own run may have removed it since it was listed: nothing is claimed for what was not there.
      if (!(await isThere(object, cluster, bounded))) return;
      await healLeftover(deps, cluster, object, why, memory, signal);
    }),
  );
}

/** The database is asked after the cluster: whoever created what was listed had stored its intent before. */
async function orphansAmong(
  database: Queryable,
  objects: readonly OwnObject[],
  memory: Memory,
  graceMs: number,
): Promise<Array<{ object: OwnObject; why: string }>> {
  const found = objects.map(({ run, fault: { kind, name, namespace } }) => ({ run, kind, name, namespace }));
  const facts = await runFacts(database, found);
  // An object's own end was reckoned by this clock; the worker's may be an hour off.
  const atMs = Date.parse(await databaseNow(database));
  const nowMs = performance.now();
  const there = new Set(objects.map(({ key }) => key));
  for (const key of memory.firstSeenMs.keys()) if (!there.has(key)) memory.firstSeenMs.delete(key);
  return objects.flatMap((object, at) => {
    const firstSeenMs = memory.firstSeenMs.get(object.key) ?? nowMs;
    memory.firstSeenMs.set(object.key, firstSeenMs);
    const now = { atMs, seenForMs: nowMs - firstSeenMs, graceMs };
    const judgement = judgeLeftover(object, facts[at] ?? null, now);
    return judgement.orphan ? [{ object, why: judgement.why }] : [];
  });
}

async function healLeftover(
  deps: JanitorDeps,
  cluster: Cluster,
  object: OwnObject,
  why: string,
  memory: Memory,
  signal: AbortSignal,
): Promise<void> {
  const { fault, what, run } = object;
  const startedAt = performance.now();
  const proof = await faultKindOf(fault.kind).remove(fault, { cluster, signal }, deps.healDeadlines);
  const tookMs = performance.now() - startedAt;
  deps.log(proof.ok ? "removed a leftover" : "a leftover stays", {
    cluster: cluster.name,
    what,
    run,
    why,
    detail: proof.detail,
  });
  // One that stays is tried again at every sweep, and reported once.
  if (!proof.ok && memory.reported.has(object.key)) return;
  if (proof.ok) memory.reported.delete(object.key);
  else memory.reported.add(object.key);
  await inTransaction(deps.database, async (client) => {
    const { ok, detail } = proof;
    // An alarm of that run may be over now; whoever keeps it looks.
    if (ok) await askCheck(client, run, null);
    const { kind, name } = fault;
    const said = { type: "leftover-healed", kind, name, ok, detail, tookMs } as const;
    const ours = object.installation === null || (await runFacts(client, [{ run, ...fault }]))[0]?.intended === true;
    if (ours && (await appendEvents(client, run, [said])) !== null) {
      const known = await findRun(client, run);
      if (known !== null) await raiseIfUnproven(client, { run: known, proofs: [proof], paging: deps.paging });
      return;
    }
    await appendNotice(client, { kind: "leftover", cluster: cluster.name, what, run, ok, detail, tookMs });
  });
}
