import type { Measure, Report, Verdicts } from "../report.ts";
import { keyFigures, type KeyFigures } from "./figures.ts";
import { systemVersion } from "./system-version.ts";

/** A run that is over, as far as runs are followed over time. Times are ISO 8601. */
export interface PastRun {
  runId: string;
  experiment: string;
  system: string;
  cluster: string;
  namespace: string;
  parameters: Report["run"]["parameters"];
  requestedBy: string;
  startedAt: string;
  endedAt: string;
  /** Null: its report has a form that this version does not read. */
  verdicts: Verdicts | null;
  figures: KeyFigures;
  /** What ran; null: the system did not tell (`systemVersion`). */
  version: string | null;
  measures: readonly Measure[];
}

/** What a report says of its run. */
export function pastRunOf(
  report: Pick<Report, "run" | "verdicts" | "measures" | "writes" | "slowDowns" | "settings">,
): PastRun {
  const { run, verdicts } = report;
  return {
    runId: run.id,
    experiment: run.experiment,
    system: run.system,
    cluster: run.cluster,
    namespace: run.namespace,
    parameters: run.parameters,
    requestedBy: run.requestedBy,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    verdicts,
    figures: keyFigures(run.system, report),
    version: systemVersion(report.settings),
    measures: report.measures,
  };
}

/**
 * Why two runs explain nothing about each other, a sentence each; none: they are comparable. They have to be of the same
 * experiment on the same target, of the same version and with the same parameters, and both have to have come to a conclusion.
 */
export function whyNotComparable(one: PastRun, other: PastRun): string[] {
  const both = [one, other];
  const pair = (of: (run: PastRun) => string): string => both.map((run) => `${run.runId}: ${of(run)}`).join(", ");
  const target = ({ cluster, namespace, system }: PastRun): string => `${system} in ${cluster}/${namespace}`;
  return [
    ...(one.experiment === other.experiment
      ? []
      : [`They are of different experiments (${pair(({ experiment }) => experiment)}).`]),
    ...(target(one) === target(other) ? [] : [`They had different targets (${pair(target)}).`]),
    ...(one.experiment !== other.experiment ? [] : differentParameters(one, other)),
    ...(one.version === other.version ? [] : [`Other versions ran (${pair(({ version }) => version ?? "not told")}).`]),
    ...both.flatMap(inconclusive),
  ];
}

function differentParameters(one: PastRun, other: PastRun): string[] {
  const differing = differingParameters(one.parameters, other.parameters);
  if (differing.length === 0) return [];
  const names = differing.map(({ name, before, now }) => `${name} ${before ?? "not there"} and ${now ?? "not there"}`);
  return [`They had different parameters (${one.runId} and ${other.runId}: ${names.join(", ")}).`];
}

/** Parameters by name that are not the same, as text; null: not there. */
export function differingParameters(
  before: PastRun["parameters"],
  now: PastRun["parameters"],
): Array<{ name: string; before: string | null; now: string | null }> {
  const text = (values: PastRun["parameters"], name: string): string | null =>
    Object.hasOwn(values, name) ? String(values[name]) : null;
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].toSorted().flatMap((name) => {
    const [was, is] = [text(before, name), text(now, name)];
    return was === is ? [] : [{ name, before: was, now: is }];
  });
}

function inconclusive({ runId, verdicts }: PastRun): string[] {
  if (verdicts === null) return [`The report of ${runId} has a form that this version does not read.`];
  if (verdicts.run !== "completed") return [`${runId} did not complete: it was ${verdicts.run}.`];
  return verdicts.hypothesis === "inconclusive" ? [`${runId} was inconclusive: its figures prove nothing.`] : [];
}
