import { AftershockError } from "../../errors.ts";
import type { GuardResult } from "../system.ts";
import { onlyPrimary, type PatroniView } from "./members.ts";

export interface ReplicaLag {
  /** WAL that it has not replayed yet. */
  bytes: number;
  /** Age of the last WAL that it replayed (`replay_lag`); null when the primary has no measurement of it. */
  lagMs: number | null;
}

export interface PatroniEvidence {
  views: readonly PatroniView[];
  /** How far each streaming replica is behind, by the primary's pg_stat_replication; null: unreadable. */
  lag: ReadonlyMap<string, ReplicaLag> | null;
  /** Undefined when the lock could not be read. */
  lockHolder: string | null | undefined;
  hasDcs: boolean;
}

type Bounds = Readonly<Record<string, number>>;

const guards: Readonly<Record<string, (evidence: PatroniEvidence, bounds: Bounds) => GuardResult>> = {
  "one-primary": ({ views, lockHolder, hasDcs }) => {
    const primary = onlyPrimary(views);
    const silent = views.filter((view) => !view.reachable).map((view) => view.pod);
    const agrees = !hasDcs || lockHolder === primary;
    return {
      ok: primary !== null && silent.length === 0 && agrees,
      measured: `primary ${primary ?? "not agreed"}${hasDcs ? `; the lock is held by ${lockHolder ?? "nobody"}` : ""}${silent.length === 0 ? "" : `; no answer from ${silent.join(", ")}`}`,
      bound: "one running primary, which holds the lock, and every member answers",
      hint: "Wait for a failover to finish, or look: patronictl list",
    };
  },
  "replica-online": ({ views }, bounds) => {
    const least = bounds["min"] ?? 1;
    const streaming = views.find((view) => view.pod === onlyPrimary(views))?.streaming ?? [];
    return {
      ok: streaming.length >= least,
      measured: `${streaming.length} streaming${streaming.length === 0 ? "" : ` (${streaming.join(", ")})`}`,
      bound: `at least ${least}`,
      hint: "Without a healthy replica nothing can take over. Start one first: patronictl list",
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
  "not-paused": ({ views }) => {
    const paused = views.some((view) => view.paused);
    return {
      ok: !paused,
      measured: paused ? "paused" : "not paused",
      bound: "Patroni may act",
      hint: "A paused Patroni does not fail over: patronictl resume",
    };
  },
};

/** Judges one guard. Throws AftershockError `bad_experiment` for an id that PostgreSQL with Patroni does not know. */
export function judgePatroniGuard(id: string, evidence: PatroniEvidence, bounds: Bounds): GuardResult {
  const guard = guards[id];
  if (guard !== undefined) return guard(evidence, bounds);
  throw new AftershockError(
    "bad_experiment",
    `PostgreSQL with Patroni has no guard "${id}".`,
    `It has: ${Object.keys(guards).join(", ")}.`,
  );
}
