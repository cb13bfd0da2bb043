import type { Judgement } from "../judge.ts";
import { measureText } from "../measure-text.ts";
import type { Finding, Report } from "../report.ts";
import { counted } from "../words.ts";
import { toleranceText } from "./tolerance.ts";

type Comparison = NonNullable<Report["comparison"]>;
type Row = Comparison["rows"][number];

/**
 * Says what became worse since the last run, of any system; nothing when there is no run to compare with, or when one of
 * the two proves nothing. Runs with different parameters are shown beside each other, and not judged by it.
 */
export function comparedWithLastRun(
  comparison: Report["comparison"],
  hypothesis: Judgement["hypothesis"],
): Finding | null {
  if (comparison === null || hypothesis === "inconclusive" || comparison.hypothesis === "inconclusive") return null;
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
  const fell = comparison.hypothesis === "held" && hypothesis === "refuted";
  const settings = comparison.settings.map(
    ({ name, before, now }) => `${name} was ${before ?? "not there"}, and is ${now ?? "not there"}`,
  );
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
