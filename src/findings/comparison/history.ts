import { figureIds, figureText, figureTitle, type FigureId } from "./figures.ts";
import { differingParameters, whyNotComparable, type PastRun } from "./past-run.ts";
import { spreadOf, type Spread } from "./spread.ts";
import { figureTrend, figureUnits, isConclusive, leastRuns, runsLookedAt, type FigureTrend } from "./trend.ts";

/**
 * A run in the history of its experiment. `comparable` are those that explain something about each other: same target,
 * version and parameters, and conclusive; only they are joined by a line. `other`: conclusive, and not comparable with
 * them. `no-proof`: it did not complete or was inconclusive, so that its figures prove nothing.
 */
export interface HistoryPoint {
  run: PastRun;
  kind: "comparable" | "other" | "no-proof";
  /** Why it is not one of the comparable ones, in a few words: `rate 50`. Null for those. */
  why: string | null;
}

export interface ExperimentHistory {
  experiment: string;
  /** The oldest first. */
  points: HistoryPoint[];
  /** The newest conclusive run, which the comparable ones are comparable with; null: there is none. */
  reference: PastRun | null;
  /** Where the reference's figures stand among the comparable runs before it; empty without a reference. */
  trends: FigureTrend[];
  /** What the comparable runs usually have, the reference not counted; null where there are too few. */
  usual: Readonly<Record<FigureId, Spread | null>>;
}

/** The history of one experiment from its runs, in any order. Pure. */
export function historyOf(experiment: string, runs: readonly PastRun[]): ExperimentHistory {
  const inOrder = runs.toSorted((a, b) => (a.endedAt < b.endedAt ? -1 : 1));
  const reference = inOrder.findLast(isConclusive) ?? null;
  const points = inOrder.map((run) => pointOf(run, reference));
  const before = points
    .filter(({ kind, run }) => kind === "comparable" && run.runId !== reference?.runId)
    .map(({ run }) => run)
    .slice(-runsLookedAt);
  const valuesOf = (figure: FigureId): number[] => before.flatMap(({ figures }) => figures[figure] ?? []);
  const usualOf = (figure: FigureId): Spread | null => {
    const values = valuesOf(figure);
    return values.length < leastRuns ? null : spreadOf({ id: figure, unit: figureUnits[figure] }, values);
  };
  return {
    experiment,
    points,
    reference,
    trends:
      reference === null
        ? []
        : figureIds.map((figure) => figureTrend(figure, reference.figures[figure], valuesOf(figure))),
    usual: { rto: usualOf("rto"), lost: usualOf("lost"), slowDown: usualOf("slowDown") },
  };
}

function pointOf(run: PastRun, reference: PastRun | null): HistoryPoint {
  if (!isConclusive(run)) return { run, kind: "no-proof", why: noProof(run) };
  if (reference === null || whyNotComparable(reference, run).length === 0)
    return { run, kind: "comparable", why: null };
  return { run, kind: "other", why: differences(reference, run).join(", ") };
}

/** Why a run proves nothing, in a word or two. */
function noProof({ verdicts }: PastRun): string {
  if (verdicts === null) return "not readable";
  return verdicts.run === "completed" ? verdicts.hypothesis : verdicts.run;
}

/** What `run` had and the reference had not. */
function differences(reference: PastRun, run: PastRun): string[] {
  const target = ({ cluster, namespace }: PastRun): string => `${cluster}/${namespace}`;
  return [
    ...(target(reference) === target(run) ? [] : [`on ${target(run)}`]),
    ...(reference.system === run.system ? [] : [run.system]),
    ...(reference.version === run.version ? [] : [run.version ?? "version unknown"]),
    ...differingParameters(reference.parameters, run.parameters).map(
      ({ name, now }) => `${name} ${now ?? "not there"}`,
    ),
  ];
}

/** Reasons and how many runs have each, those of most runs first. */
export function reasonsOf(
  points: readonly HistoryPoint[],
  kind: HistoryPoint["kind"],
): Array<[why: string, runs: number]> {
  const counts = new Map<string, number>();
  for (const point of points) {
    if (point.kind === kind && point.why !== null) counts.set(point.why, (counts.get(point.why) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

/** Figures that at least one of the runs has, in the order in which they are told. */
export function figuresSeen({ points }: ExperimentHistory): FigureId[] {
  return figureIds.filter((figure) => points.some(({ run }) => run.figures[figure] !== null));
}

/** `RTO 3.34 s`, `14 lost`, `1.6× slower`: a run's figures in few words, without what was not observed. */
export function figureWords({ figures }: PastRun): string[] {
  return figureIds.flatMap((figure) => {
    const value = figures[figure];
    if (value === null) return [];
    const text = figureText(figure, value);
    if (figure === "lost") return [`${text} lost`];
    return [figure === "rto" ? `${figureTitle(figure)} ${text}` : `${text} slower`];
  });
}
