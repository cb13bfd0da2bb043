import { figureIds, type FigureId } from "./figures.ts";
import { whyNotComparable, type PastRun } from "./past-run.ts";
import { kendallScore, medianSlope, trendByChance } from "./robust.ts";
import { spreadOf } from "./spread.ts";
import { toleranceAround } from "./tolerance.ts";

/** So many comparable runs before the last one are looked at; older ones were of another time. */
export const runsLookedAt = 10;
/** So many verdicts in a row tell how it goes. */
export const recentRuns = 5;
/** A median of fewer runs says nothing. */
export const leastRuns = 3;
/** Fewer values cannot rise by less than one chance in twenty (exact Mann-Kendall test). */
const leastForDrift = 5;
const byChance = 0.05;

/** Where the last run's figure stands among the comparable runs before it. */
export interface FigureTrend {
  figure: FigureId;
  /** Of the last run; null: not observed, and then nothing is said about it. */
  now: number | null;
  /** What the comparable runs before it had, oldest first; those that did not observe it are not among them. */
  earlier: number[];
  /** Of the earlier ones; null when there are fewer than `leastRuns`. */
  median: number | null;
  /** Farther from the median than this is more than runs differ by anyhow; null without a median. */
  allowed: number | null;
  standing: "usual" | "worse" | "better" | "unknown" | "too-few";
  /** Beside the last comparable run alone, by the tolerance; `none`: one of the two was not observed. */
  step: "same" | "worse" | "better" | "none";
  /** Whether it moves one way over the runs, this one included, by more in all than runs differ by anyhow. */
  drift: "up" | "down" | "none";
}

/**
 * Places a figure: beyond the tolerance and beyond what the runs themselves spread by (median and MAD, see
 * `outlierDistance`), it is worse or better than usual. Of lost writes the first ones count always.
 */
export function figureTrend(figure: FigureId, now: number | null, earlier: readonly number[]): FigureTrend {
  const values = [...earlier];
  const spread = values.length < leastRuns ? null : spreadOf({ id: figure, unit: figureUnits[figure] }, values);
  const step = stepOf(figure, values.at(-1) ?? null, now);
  const common = { figure, now, earlier: values, median: spread?.median ?? null, step };
  if (spread === null) {
    return { ...common, allowed: null, standing: now === null ? "unknown" : "too-few", drift: "none" };
  }
  const { median: middle, allowed } = spread;
  if (now === null) return { ...common, allowed, standing: "unknown", drift: "none" };
  const standing = Math.abs(now - middle) <= allowed ? "usual" : now > middle ? "worse" : "better";
  return {
    ...common,
    allowed,
    standing,
    drift: driftOf([...values, now], toleranceAround(figureUnits[figure], middle)),
  };
}

function stepOf(figure: FigureId, before: number | null, now: number | null): FigureTrend["step"] {
  if (before === null || now === null) return "none";
  const firstLoss = figure === "lost" && (before === 0) !== (now === 0);
  if (!firstLoss && Math.abs(now - before) <= toleranceAround(figureUnits[figure], before)) return "same";
  return now > before ? "worse" : "better";
}

/** Units of the figures, for the tolerance. */
export const figureUnits = { rto: "ms", lost: "writes", slowDown: "times" } as const;

function driftOf(values: readonly number[], tolerance: number): FigureTrend["drift"] {
  const inAll = (medianSlope(values) ?? 0) * (values.length - 1);
  if (values.length < leastForDrift || Math.abs(inAll) <= tolerance || trendByChance(values) > byChance) return "none";
  return kendallScore(values) > 0 ? "up" : "down";
}

/** All three figures of a run among the comparable ones of `others` before it; at most `runsLookedAt` of them. */
export function trendsOf(run: PastRun, others: readonly PastRun[]): FigureTrend[] {
  const earlier = comparableBefore(run, others);
  return figureIds.map((figure) =>
    figureTrend(
      figure,
      // A run that did not come to a conclusion has figures, and they prove nothing.
      isConclusive(run) ? run.figures[figure] : null,
      earlier.flatMap(({ figures }) => figures[figure] ?? []),
    ),
  );
}

/** The newest comparable runs before `run`, oldest first. */
export function comparableBefore(run: PastRun, others: readonly PastRun[]): PastRun[] {
  return comparableWith(run, others)
    .filter((other) => other.endedAt < run.endedAt)
    .slice(-runsLookedAt);
}

/** All that are comparable with `run`, oldest first, without itself. */
export function comparableWith(run: PastRun, others: readonly PastRun[]): PastRun[] {
  // Whether this run came to a conclusion is no reason to know less of the others.
  const asConcluded: PastRun = { ...run, verdicts: { hypothesis: "held", run: "completed", cleanup: "verified" } };
  return others
    .filter((other) => other.runId !== run.runId && whyNotComparable(asConcluded, other).length === 0)
    .toSorted((a, b) => (a.endedAt < b.endedAt ? -1 : 1));
}

export function isConclusive({ verdicts }: PastRun): boolean {
  return verdicts?.run === "completed" && verdicts.hypothesis !== "inconclusive";
}

/** What was run last against one system, by experiment and target, the newest first. */
export interface SystemResults {
  system: string;
  results: ExperimentResult[];
}

export interface ExperimentResult {
  experiment: string;
  cluster: string;
  namespace: string;
  last: PastRun;
  /** The newest runs, the last one first; at most `recentRuns`. */
  recent: PastRun[];
  trends: FigureTrend[];
}

/** The last result of every experiment on every target, by system; systems and results with the newest run first. */
export function lastResults(runs: readonly PastRun[]): SystemResults[] {
  const newestFirst = runs.toSorted((a, b) => (a.endedAt > b.endedAt ? -1 : 1));
  return [...grouped(newestFirst, ({ system }) => system)].map(([system, own]) => ({
    system,
    results: [...grouped(own, targetOf).values()].flatMap((same) => {
      const [last] = same;
      if (last === undefined) return [];
      const { experiment, cluster, namespace } = last;
      const recent = same.slice(0, recentRuns);
      return [{ experiment, cluster, namespace, last, recent, trends: trendsOf(last, same) }];
    }),
  }));
}

function targetOf({ experiment, cluster, namespace }: PastRun): string {
  return `${experiment} ${cluster}/${namespace}`;
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}
