import type { Report } from "../report.ts";

/**
 * The three figures by which an experiment is followed from run to run; of each, less is better. `rto`: milliseconds until
 * the system serves again. `lost`: acknowledged writes that were lost. `slowDown`: how many times longer the median write
 * took while the fault was there than in the baseline, of the client that was slowed most. Null: not observed.
 */
export type KeyFigures = Readonly<Record<FigureId, number | null>>;
export type FigureId = "rto" | "lost" | "slowDown";

/** In the order in which they are told. */
export const figureIds: readonly FigureId[] = ["rto", "lost", "slowDown"];

export const unknownFigures: KeyFigures = { rto: null, lost: null, slowDown: null };

/** The measure that says when a system serves again, by id; the first that a run has counts. */
const recoveryMeasures: Readonly<Record<string, readonly string[]>> = {
  "redis-sentinel": ["first-new-write"],
  patroni: ["first-new-write"],
  "cloudnative-pg": ["first-new-write"],
  etcd: ["first-ack"],
  rabbitmq: ["first-confirm"],
  kafka: ["first-ack"],
  "postgres-io": ["writable"],
  "postgres-reschedule": ["reschedule"],
  "postgres-backup": ["restore-time"],
  "postgres-backup-check": ["restore-time"],
};

/** Fewer answers have no median worth a word: five values lie beyond it (src/findings/latency.ts). */
const leastAnswers = 10;

/** The parts of a report that figures are read from. */
export type Measured = Pick<Report, "measures" | "writes" | "slowDowns">;

/** Reads the figures of a run against `system`; a system that is not known has no recovery time. */
export function keyFigures(system: string, { measures, writes, slowDowns }: Measured): KeyFigures {
  const wanted = Object.hasOwn(recoveryMeasures, system) ? (recoveryMeasures[system] ?? []) : [];
  const recovered = wanted.flatMap((id) => measures.filter((measure) => measure.id === id && measure.unit === "ms"))[0];
  const factors = slowDowns.flatMap(({ client, stretch, count, baselineCount, p50 }) =>
    stretch === "fault" && client in writes.byClient && p50 !== null && Math.min(count, baselineCount) >= leastAnswers
      ? [p50]
      : [],
  );
  return {
    rto: recovered?.value ?? null,
    lost: writes.total.attempted === 0 ? null : writes.total.lost,
    slowDown: factors.length === 0 ? null : Math.max(...factors),
  };
}

const titles: Readonly<Record<FigureId, string>> = { rto: "RTO", lost: "Lost writes", slowDown: "Slow-down" };

/** `RTO`, `Lost writes`, `Slow-down`. */
export function figureTitle(figure: FigureId): string {
  return titles[figure];
}

/** A figure's value with its unit: `3.34 s`, `2,956`, `1.6×`; `unknown` is never 0. */
export function figureText(figure: FigureId, value: number | null): string {
  if (value === null) return "unknown";
  switch (figure) {
    case "rto":
      return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${Math.round(value)} ms`;
    case "lost":
      return Math.round(value).toLocaleString("en-US");
    case "slowDown":
      return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US")}×`;
  }
}
