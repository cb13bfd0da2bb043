import type { Judgement } from "../judge.ts";
import { measureText } from "../measure-text.ts";
import type { Finding, Report } from "../report.ts";
import { counted, listed } from "../words.ts";
import { toleranceText } from "./tolerance.ts";
import { notJudgedText, usualEvidence, usualTitle } from "./usual-text.ts";
import type { Usual, UsualRow } from "./usual.ts";

type Comparison = NonNullable<Report["comparison"]>;
type Row = Comparison["rows"][number];

/** What a run is held against. */
export interface Earlier {
  comparison: Report["comparison"];
  /** Null: earlier runs were not read. */
  usual: Usual | null;
  hypothesis: Judgement["hypothesis"];
}

/**
 * Says what became worse, of any system: than the comparable runs before it usually were, by their median and MAD, as soon
 * as there are enough of them (`leastForFinding`); until then, than the last run, and it says that the rest is not judged.
 * Nothing when there is no run to compare with, or when one of the two proves nothing. Runs with different parameters are
 * shown beside each other, and not judged by it.
 */
export function comparedWithEarlier({ comparison, usual, hypothesis }: Earlier): Finding | null {
  if (hypothesis === "inconclusive") return null;
  if (usual !== null && usual.rows.some(({ standing }) => standing !== "too-few" && standing !== "unknown")) {
    return comparedWithUsual(usual, comparison, hypothesis);
  }
  const found = comparedWithLastRun(comparison, hypothesis);
  const notJudged = usual === null ? null : notJudgedText(usual);
  return found === null || notJudged === null ? found : { ...found, evidence: [...found.evidence, notJudged] };
}

function comparedWithUsual(
  usual: Usual,
  comparison: Report["comparison"],
  hypothesis: Judgement["hypothesis"],
): Finding {
  const of = (standing: UsualRow["standing"]): UsualRow[] => usual.rows.filter((row) => row.standing === standing);
  const [worse, better, fewer] = [of("worse"), of("better"), of("too-few")];
  const fell = hasFallen(comparison, hypothesis);
  const settings = settingsText(comparison);
  const more = [
    ...(fewer.length === 0
      ? []
      : [`Not judged, since fewer than ${usual.least} of them saw it: ${listed(fewer.map(({ title }) => title))}.`]),
    ...settings,
  ];
  if (worse.length === 0 && !fell) {
    const also = better.length === 0 ? "" : `, and ${counted(better.length, "measure")} better`;
    return {
      id: "comparison.no-regression",
      severity: "info",
      title: `Nothing is worse than usual${also}: compared with ${counted(usual.runs.length, "comparable run")}`,
      evidence: [...better.map(usualEvidence), ...more],
      advice: `${toleranceText} So does what lies within the spread of the runs before.`,
    };
  }
  const newLoss = worse.some(({ id, allowed }) => id === "lost" && allowed === 0);
  const [first] = worse;
  return {
    id: "comparison.regression",
    severity: fell || newLoss ? "high" : "medium",
    title:
      fell && comparison !== null
        ? `The hypothesis held in ${comparison.run}, and does not any more`
        : worse.length === 1 && first !== undefined
          ? usualTitle(first)
          : `${counted(worse.length, "measure")} are worse than usual, compared with ${counted(usual.runs.length, "comparable run")}`,
    evidence: [...worse.map(usualEvidence), ...more],
    advice:
      settings.length > 0
        ? "Settings differ from the last run: look there first. Then repeat the run."
        : "No setting that is watched differs from the last run. Repeat the run: if it is worse again, it is no chance.",
  };
}

function hasFallen(comparison: Report["comparison"], hypothesis: Judgement["hypothesis"]): boolean {
  const isSame = comparison !== null && comparison.parameters.length === 0;
  return isSame && comparison.hypothesis === "held" && hypothesis === "refuted";
}

function settingsText(comparison: Report["comparison"]): string[] {
  return (comparison?.settings ?? []).map(
    ({ name, before, now }) => `${name} was ${before ?? "not there"}, and is ${now ?? "not there"}`,
  );
}

function comparedWithLastRun(comparison: Report["comparison"], hypothesis: Judgement["hypothesis"]): Finding | null {
  if (comparison === null || comparison.hypothesis === "inconclusive") return null;
  const { run } = comparison;
  if (comparison.parameters.length > 0) {
    return {
      id: "comparison.other-parameters",
      severity: "info",
      title: `${run} had other parameters, so it is shown and not judged by`,
      evidence: comparison.parameters.map(
        ({ name, before, now }) => `${name}: ${before ?? "not there"}, now ${now ?? "not there"}`,
      ),
      advice: `Run the experiment with the parameters of ${run} to see whether something became worse.`,
    };
  }
  const worse = comparison.rows.filter(({ change }) => change === "worse");
  const fell = hasFallen(comparison, hypothesis);
  const settings = settingsText(comparison);
  if (worse.length === 0 && !fell) {
    const better = comparison.rows.filter(({ change }) => change === "better");
    return {
      id: "comparison.no-regression",
      severity: "info",
      title: `Nothing is worse than in ${run}${better.length === 0 ? "" : `, and ${counted(better.length, "measure")} better`}`,
      evidence: [...better.map((row) => changeText(row, run)), ...settings],
      advice: toleranceText,
    };
  }
  const newLoss = worse.some(({ id, before }) => id === "lost" && before === 0);
  const [first] = worse;
  return {
    id: "comparison.regression",
    severity: fell || newLoss ? "high" : "medium",
    title: fell
      ? `The hypothesis held in ${run}, and does not any more`
      : worse.length === 1 && first !== undefined
        ? changeText(first, run)
        : `${counted(worse.length, "measure")} are worse than in ${run}`,
    evidence: [...(fell || worse.length > 1 ? worse.map((row) => changeText(row, run)) : []), ...settings],
    advice:
      settings.length > 0
        ? "Settings differ between the two runs: look there first. Then repeat the run; one may be chance."
        : "No setting that is watched differs between the two runs. Repeat the run; one may be chance.",
  };
}

/** `Kill to first write on the new master: 3.34 s, 2.10 s more than run-7`. */
export function changeText({ title, unit, before, now }: Row, run: string): string {
  const of = (value: number | null): string => measureText({ unit, value });
  if (before === null || now === null) return `${title}: ${of(now)}; in ${run}: ${of(before)}`;
  return `${title}: ${of(now)}, ${of(Math.abs(now - before))} ${now > before ? "more" : "less"} than ${run}`;
}
