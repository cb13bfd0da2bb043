import { AftershockError } from "../../errors.ts";
import type { GuardResult } from "../system.ts";
import type { LeaderLock, LockReading } from "./lock.ts";
import type { Managed } from "./manager.ts";
import { onlyPrimary, type PatroniView } from "./members.ts";

export interface ReplicaLag {
  /** WAL that it has not replayed yet. */
  bytes: number;
  /** Age of the last WAL that it replayed (`replay_lag`); null when the primary has no measurement of it. */
  lagMs: number | null;
}

export interface PatroniEvidence {
  manager: Managed;
  views: readonly PatroniView[];
  /** How far each streaming replica is behind, by the primary's pg_stat_replication; null: unreadable. */
  lag: ReadonlyMap<string, ReplicaLag> | null;
  lock: Pick<LeaderLock, "object"> & { reading: LockReading };
  /** Pods with the label by which services select the primary. */
  labelled: string;
}

type Bounds = Readonly<Record<string, number>>;

/** Whom something beside the members takes for the primary; `of` is undefined where nobody is asked. */
interface Chosen {
  of: string | null | undefined;
  said: string;
  /** Part of the bound. */
  wanted: string;
  /** What to do where it could not be asked. */
  hint?: string;
}

function lockOf({ lock: { object, reading } }: PatroniEvidence): Chosen {
  const said = lockWords(object, reading);
  if (reading.holder !== undefined) return { of: reading.holder, said, wanted: "which holds the lock, " };
  const hint = reading.hint === undefined ? {} : { hint: reading.hint };
  return reading.nowhere
    ? { of: undefined, said, wanted: "", ...hint }
    : { of: null, said, wanted: "which holds the lock, ", ...hint };
}

function labelOf({ labelled }: PatroniEvidence): Chosen {
  const said = labelled === "" ? "no pod has the primary's label" : `the primary's label is on ${labelled}`;
  return { of: labelled, said, wanted: "which the operator has labelled so, " };
}

const guards: Readonly<Record<string, (evidence: PatroniEvidence, bounds: Bounds) => GuardResult>> = {
  "one-primary": (evidence) => {
    const { manager, views } = evidence;
    const primary = onlyPrimary(views);
    const silent = views.filter((view) => !view.reachable).map((view) => view.pod);
    const chosen = manager.name === "patroni" ? lockOf(evidence) : labelOf(evidence);
    return {
      ok: primary !== null && silent.length === 0 && (chosen.of === undefined || chosen.of === primary),
      measured: `primary ${primary ?? "not agreed"}; ${chosen.said}${silent.length === 0 ? "" : `; no answer from ${silent.join(", ")}`}`,
      bound: `one running primary, ${chosen.wanted}and every member answers`,
      hint: chosen.hint ?? `Wait for a failover to finish, or look: ${manager.look}`,
    };
  },
  "replica-online": ({ manager, views }, bounds) => {
    const least = bounds["min"] ?? 1;
    const streaming = views.find((view) => view.pod === onlyPrimary(views))?.streaming ?? [];
    return {
      ok: streaming.length >= least,
      measured: `${streaming.length} streaming${streaming.length === 0 ? "" : ` (${streaming.join(", ")})`}`,
      bound: `at least ${least}`,
      hint: `Without a healthy replica nothing can take over. Start one first: ${manager.look}`,
    };
  },
  "replication-lag": ({ lag }, bounds) => {
    const mostBytes = bounds["maxBytes"] ?? 1_048_576;
    const mostMs = (bounds["maxSeconds"] ?? 10) * 1000;
    const all = [...(lag ?? [])];
    const least = Math.min(...all.map(([, { bytes }]) => bytes));
    const shown = all.map(
      ([pod, { bytes, lagMs }]) => `${pod} ${bytes} bytes, ${lagMs === null ? "time unknown" : `${lagMs / 1000} s`}`,
    );
    return {
      ok: all.length > 0 && all.every(([, { bytes, lagMs }]) => bytes <= mostBytes && (lagMs ?? 0) <= mostMs),
      measured:
        all.length === 0
          ? "no replica to measure"
          : `${shown.join("; ")}. A failover now would lose at least the last ${least} bytes of WAL`,
      bound: `at most ${mostBytes} bytes and ${mostMs / 1000} s behind`,
      hint: "Wait until the replicas have caught up: what they lack is lost when one is promoted.",
    };
  },
  "not-paused": ({ manager, views }) => {
    if (manager.name === "cloudnative-pg") {
      const hint = `Fenced and hibernated clusters do not fail over; look: ${manager.look}`;
      return { ok: true, measured: "CloudNativePG has no pause", bound: "failovers are not paused", hint };
    }
    const paused = views.some((view) => view.paused);
    return {
      ok: !paused,
      measured: paused ? "paused" : "not paused",
      bound: "Patroni may act",
      hint: "A paused Patroni does not fail over: patronictl resume",
    };
  },
};

function lockWords(object: string | null, reading: LockReading): string {
  if (reading.holder === undefined) return reading.why;
  const lock = object === null ? "the lock" : `the lock (${object})`;
  const because = reading.holder === null && reading.because !== undefined ? `: ${reading.because}` : "";
  return `${lock} is held by ${reading.holder ?? "nobody"}${because}`;
}

/** Judges one guard. Throws AftershockError `bad_experiment` for an id that PostgreSQL does not know. */
export function judgePatroniGuard(id: string, evidence: PatroniEvidence, bounds: Bounds): GuardResult {
  const guard = guards[id];
  if (guard !== undefined) return guard(evidence, bounds);
  throw new AftershockError(
    "bad_experiment",
    `PostgreSQL has no guard "${id}".`,
    `It has: ${Object.keys(guards).join(", ")}.`,
  );
}
