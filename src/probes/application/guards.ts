import { AftershockError } from "../../errors.ts";
import type { GuardResult } from "../system.ts";
import type { PoolView } from "./pool.ts";

/** One pod's answer to `GET /api/health`. */
export interface HealthLook {
  pod: string;
  /** Null without an answer. */
  status: number | null;
  /** The application's own word, e.g. `ok`, `no-database`, or why there is no answer. */
  said: string;
  tookMs: number;
}

export interface ApplicationEvidence {
  /** Null: the run is without an application. */
  health: readonly HealthLook[] | null;
  /** By pod; null: its pool could not be read. */
  pools: ReadonlyMap<string, PoolView | null>;
}

type Bounds = Readonly<Record<string, number>>;

const withoutOne: GuardResult = {
  ok: true,
  measured: "this run is without an application (application=off)",
  bound: "only with application=on",
  hint: "",
};

/** The guards of an application, by id. */
export const applicationGuards: Readonly<
  Record<string, (evidence: ApplicationEvidence, bounds: Bounds) => GuardResult>
> = {
  "application-healthy": ({ health }, bounds) => {
    if (health === null) return withoutOne;
    const mostMs = bounds["maxMs"] ?? 1000;
    const shown = health.map(
      ({ pod, status, said, tookMs }) => `${pod} ${status ?? "no answer"} ${said} in ${Math.round(tookMs)} ms`,
    );
    return {
      ok: health.length > 0 && health.every(({ status, tookMs }) => status === 200 && tookMs <= mostMs),
      measured: shown.length === 0 ? "no pods" : shown.join("; "),
      bound: `every pod answers /api/health with 200 within ${mostMs} ms`,
      hint: "An application that is ill before the fault tells nothing about it. Mend it first, or run with application=off.",
    };
  },
  "application-pool": ({ health, pools }, bounds) => {
    if (health === null) return withoutOne;
    const quietMs = (bounds["quietSeconds"] ?? 5) * 1000;
    const problems = [...pools].flatMap(([pod, view]) => poolProblems(pod, view, quietMs));
    const shown = [...pools].map(([pod, view]) => `${pod} ${view === null ? "not readable" : poolText(view)}`);
    return {
      ok: pools.size > 0 && problems.length === 0,
      measured: [...shown, ...problems].join("; ") || "no pods",
      bound: `connections to spare, nobody waits for one, and none was lost in the last ${quietMs / 1000} s`,
      hint: "A pool without a connection to spare fails under any fault. Look: curl http://POD:8080/api/pool; a larger pool, or less load.",
    };
  },
};

function poolProblems(pod: string, view: PoolView | null, quietMs: number): string[] {
  if (view === null) return [`the pool of ${pod} cannot be watched`];
  const max = Number(view.settings["max"]);
  return [
    ...(view.waiting > 0 ? [`${view.waiting} requests wait for a connection on ${pod}`] : []),
    ...(max > 0 && view.active >= max ? [`all ${max} connections of ${pod} are in use`] : []),
    ...(view.total === 0 ? [`${pod} has no connection`] : []),
    ...(view.lastBrokenAgoMs !== null && view.lastBrokenAgoMs < quietMs
      ? [`${pod} lost a connection ${(view.lastBrokenAgoMs / 1000).toFixed(1)} s ago`]
      : []),
  ];
}

function poolText({ active, idle, waiting, broken, settings }: PoolView): string {
  return `${active} active, ${idle} idle, ${waiting} waiting, ${broken} broken since its start, at most ${settings["max"] ?? "an unknown number"}`;
}

/** Judges one guard. Throws AftershockError `bad_experiment` for an id that an application does not know. */
export function judgeApplicationGuard(id: string, evidence: ApplicationEvidence, bounds: Bounds): GuardResult {
  const guard = applicationGuards[id];
  if (guard !== undefined) return guard(evidence, bounds);
  throw new AftershockError(
    "bad_experiment",
    `An application has no guard "${id}".`,
    `It has: ${Object.keys(applicationGuards).join(", ")}.`,
  );
}
