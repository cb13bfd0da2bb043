import type { Finding, Measure, Report } from "../report.ts";
import { differing, settingsOf, textOf } from "./compare.ts";
import { pastRunOf, type PastRun } from "./past-run.ts";
import { spreadOf } from "./spread.ts";
import { systemVersion } from "./system-version.ts";
import { isChange, toleranceAround } from "./tolerance.ts";
import { comparableWith, leastRuns, runsLookedAt } from "./trend.ts";

type Difference = NonNullable<Report["comparison"]>["parameters"][number];

/** A measure in two runs. `first` and `second` are null where it was not observed. */
export interface PairRow {
  id: string;
  title: string;
  unit: Measure["unit"];
  first: number | null;
  second: number | null;
  /** Up to this difference the two count as the same; in the measure's unit. */
  noise: number;
  /** So many comparable runs the noise is known from; 0: it is only the tolerance. */
  noiseRuns: number;
  change: "none" | "better" | "worse" | "changed" | "one-only";
}

/** Two runs of one experiment beside each other; `before` of a difference is the first's, `now` the second's. */
export interface RunPair {
  first: Report;
  second: Report;
  parameters: Difference[];
  settings: Difference[];
  /** Null: both ran the same. */
  version: Difference | null;
  /** Measures of either, those of the second first. */
  rows: PairRow[];
  /** By id; of those in both, as the second run has them. */
  findings: { gone: Finding[]; fresh: Finding[]; both: Finding[] };
}

/**
 * Puts two runs side by side. What exceeds the noise is said by the spread (median and MAD) of the runs that are comparable
 * with one of the two, the newest ten of each; where there are fewer than three, by the tolerance alone.
 */
export function pairOf(first: Report, second: Report, others: readonly PastRun[]): RunPair {
  const groups = [first, second].map((report) =>
    comparableWith(pastRunOf(report), others)
      .filter(({ runId }) => runId !== first.run.id && runId !== second.run.id)
      .slice(-runsLookedAt),
  );
  const [before, now] = [systemVersion(first.settings), systemVersion(second.settings)];
  const ids = [...new Set([...second.measures, ...first.measures].map(({ id }) => id))];
  const idsOf = ({ findings }: Report): Set<string> => new Set(findings.map(({ id }) => id));
  const [ofFirst, ofSecond] = [idsOf(first), idsOf(second)];
  return {
    first,
    second,
    parameters: differing(textOf(first.run.parameters), textOf(second.run.parameters)),
    settings: differing(settingsOf(first.settings), settingsOf(second.settings)),
    version: before === now ? null : { name: "version", before, now },
    rows: ids.flatMap((id) => rowOf(id, first, second, groups)),
    findings: {
      gone: first.findings.filter(({ id }) => !ofSecond.has(id)),
      fresh: second.findings.filter(({ id }) => !ofFirst.has(id)),
      both: second.findings.filter(({ id }) => ofFirst.has(id)),
    },
  };
}

function rowOf(id: string, first: Report, second: Report, groups: ReadonlyArray<readonly PastRun[]>): PairRow[] {
  const in1 = first.measures.find((measure) => measure.id === id);
  const in2 = second.measures.find((measure) => measure.id === id);
  const measure = in2 ?? in1;
  if (measure === undefined) return [];
  const { title, unit } = measure;
  const valueOf = (one: Measure | undefined): number | null => (one?.unit === unit ? one.value : null);
  const [was, is] = [valueOf(in1), valueOf(in2)];
  const samples = groups.map((runs) =>
    runs.flatMap(({ measures }) => measures.find((one) => one.id === id && one.unit === unit)?.value ?? []),
  );
  const spreads = samples.flatMap((values) => {
    const spread = values.length < leastRuns ? null : spreadOf(measure, values);
    return spread === null ? [] : [{ allowed: spread.allowed, runs: values.length }];
  });
  const widest = spreads.toSorted((a, b) => b.allowed - a.allowed)[0];
  const noise = widest?.allowed ?? toleranceAround(unit, was ?? is ?? 0);
  const common = { id, title, unit, first: was, second: is, noise, noiseRuns: widest?.runs ?? 0 };
  if (was === null || is === null) return [{ ...common, change: was === is ? "none" : "one-only" }];
  const differs = widest === undefined ? isChange(measure, was, is) : Math.abs(is - was) > noise;
  if (!differs) return [{ ...common, change: "none" }];
  if (measure.better === undefined) return [{ ...common, change: "changed" }];
  return [{ ...common, change: is < was === (measure.better === "lower") ? "better" : "worse" }];
}
