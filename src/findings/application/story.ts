import { healthClient, readClient, writeClient } from "../../probes/application/clients.ts";
import type { PoolCounts } from "../../probes/application/pool.ts";
import type { History, TimelineEvent } from "../../probes/history.ts";
import { between, numberOrNull, textOrNull } from "../observed.ts";

/** What the judge of a system knows of its failover. All times on the history's clock; null: not observed. */
export interface Takeover {
  injectedMs: number | null;
  promotedMs: number | null;
  oldMember: string | null;
  newMember: string | null;
  /** From when on the old member took no writes: its death, or its own word. */
  deadMs: number | null;
}

/** What became of an application's connection pool, over all its pods. */
export interface PoolStory {
  /** Counts at the moment of the fault. */
  before: Pick<PoolCounts, "total" | "active" | "idle" | "waiting" | "broken">;
  /** Connections lost since then. */
  broken: number;
  /** Attempts to get a connection that failed since then. */
  connectErrors: number;
  /** From when on the pool had no connection to the old member any more. */
  rightServersMs: number | null;
  /** How long it kept connections to the old member after that was of no use. */
  keptDeadMs: number | null;
  /** How long it had no connection at all; over its worst pod. */
  emptyMs: number;
  /** Most requests that waited for a connection at once, on one pod. */
  waitingPeak: number;
  /** Connections at the end of the run. */
  totalAtEnd: number;
}

/** What an application went through in a run, seen from outside and from its pool. */
export interface ApplicationStory {
  injectedMs: number | null;
  promotedMs: number | null;
  /** First write through the application that the new member took; without a new member, the first after the outage. */
  firstWriteMs: number | null;
  /** From the promotion to that. */
  reconnectMs: number | null;
  reads: number;
  failedReads: number;
  healthChecks: number;
  failedHealth: number;
  unknownWrites: number;
  /** Null: the pool could not be read. */
  pool: PoolStory | null;
}

/** Reads the application's part of a run off its history; null for a run without one. */
export function readApplication(history: History, takeover: Takeover): ApplicationStory | null {
  if (!history.header.clients.some(({ id }) => id === writeClient)) return null;
  const { injectedMs, promotedMs } = takeover;
  const after = injectedMs ?? Number.POSITIVE_INFINITY;
  const of = (client: string) => history.operations.filter((op) => op.client === client && op.startMs >= after);
  const failed = (client: string): number => of(client).filter((op) => op.outcome !== "ok").length;
  const firstWriteMs = firstWrite(history, takeover);
  const reconnectMs = between(promotedMs, firstWriteMs);
  return {
    injectedMs,
    promotedMs,
    firstWriteMs,
    // The promotion is seen by looking four times a second, so a write may seem to be before it.
    reconnectMs: reconnectMs === null ? null : Math.max(0, reconnectMs),
    reads: of(readClient).length,
    failedReads: failed(readClient),
    healthChecks: of(healthClient).length,
    failedHealth: failed(healthClient),
    unknownWrites: of(writeClient).filter((op) => op.outcome === "unknown").length,
    pool: readPoolStory(history, takeover),
  };
}

function firstWrite(history: History, { injectedMs, promotedMs, newMember }: Takeover): number | null {
  const after = injectedMs ?? Number.POSITIVE_INFINITY;
  const writes = history.operations.filter((op) => op.client === writeClient && op.startMs >= after);
  const ok = writes.filter((op) => op.outcome === "ok").toSorted((a, b) => a.endMs - b.endMs);
  if (newMember !== null) {
    const taken = (member: string | undefined, endMs: number): boolean =>
      member === undefined ? endMs >= (promotedMs ?? after) : member === newMember;
    return ok.find((op) => taken(op.member, op.endMs))?.endMs ?? null;
  }
  const failure = writes.find((op) => op.outcome !== "ok");
  return failure === undefined ? null : (ok.find((op) => op.startMs >= failure.startMs)?.endMs ?? null);
}

type Sample = PoolCounts & { atMs: number };

function readPoolStory(history: History, { injectedMs, oldMember, deadMs }: Takeover): PoolStory | null {
  const after = injectedMs ?? Number.POSITIVE_INFINITY;
  const byPod = new Map<string, Sample[]>();
  for (const event of history.events) {
    if (event.event !== "pool") continue;
    byPod.set(event.source, [...(byPod.get(event.source) ?? []), sampleOf(event)]);
  }
  const pods = [...byPod.values()];
  if (pods.length === 0) return null;
  const endMs = history.operations.reduce((latest, op) => Math.max(latest, op.endMs), after);
  // A pod that came after the fault has lost nothing before it.
  const atFault = pods.map((samples) => samples.findLast((sample) => sample.atMs <= after));
  const sum = (field: keyof PoolCounts): number => atFault.reduce((total, sample) => total + (sample?.[field] ?? 0), 0);
  const since = (field: "broken" | "connectErrors"): number =>
    pods.reduce((total, samples, at) => total + (samples.at(-1)?.[field] ?? 0) - (atFault[at]?.[field] ?? 0), 0);
  const rightServersMs = rightServers(history, after, oldMember);
  const keptMs = between(deadMs, rightServersMs);
  const later = pods.map((samples) => samples.filter((sample) => sample.atMs > after));
  return {
    before: {
      total: sum("total"),
      active: sum("active"),
      idle: sum("idle"),
      waiting: sum("waiting"),
      broken: sum("broken"),
    },
    broken: since("broken"),
    connectErrors: since("connectErrors"),
    rightServersMs,
    keptDeadMs: keptMs === null ? null : Math.max(0, keptMs),
    emptyMs: Math.max(0, ...later.map((samples) => emptyTime(samples, endMs))),
    waitingPeak: Math.max(0, ...later.flat().map(({ waiting }) => waiting)),
    totalAtEnd: pods.reduce((total, samples) => total + (samples.at(-1)?.total ?? 0), 0),
  };
}

function sampleOf(event: TimelineEvent): Sample {
  const count = (name: keyof PoolCounts): number => numberOrNull(event.detail[name]) ?? 0;
  return {
    atMs: event.atMs,
    total: count("total"),
    active: count("active"),
    idle: count("idle"),
    connecting: count("connecting"),
    waiting: count("waiting"),
    created: count("created"),
    broken: count("broken"),
    connectErrors: count("connectErrors"),
  };
}

/** The first look after the fault in which no pool was connected to the old member, and none was later. */
function rightServers({ events }: History, after: number, oldMember: string | null): number | null {
  if (oldMember === null) return null;
  const looks = events.filter((event) => event.event === "pool-servers" && event.atMs >= after);
  const has = (event: TimelineEvent): boolean =>
    (textOrNull(event.detail["servers"]) ?? "").split(" ").includes(oldMember);
  const last = looks.findLastIndex(has);
  return looks[last + 1]?.atMs ?? null;
}

function emptyTime(samples: readonly Sample[], endMs: number): number {
  return samples.reduce(
    (sum, sample, at) => (sample.total > 0 ? sum : sum + (samples[at + 1]?.atMs ?? endMs) - sample.atMs),
    0,
  );
}
