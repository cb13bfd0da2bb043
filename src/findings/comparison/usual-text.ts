import { table } from "../markdown-table.ts";
import { measureText } from "../measure-text.ts";
import type { Report } from "../report.ts";
import { counted, listed } from "../words.ts";
import type { Usual, UsualRow } from "./usual.ts";

/** `Kill to first write: 5.40 s, worse than usual (median 3.30 s of 8 runs)`. */
export function usualTitle({ title, unit, now, median, runs, standing }: UsualRow): string {
  const of = (value: number | null): string => measureText({ unit, value });
  const word = standing === "usual" ? "as usual" : `${standing} than usual`;
  return `${title}: ${of(now)}, ${word} (median ${of(median)} of ${counted(runs, "run")})`;
}

/** How far it is from the median, in what the runs spread by; of runs that were all the same, beside the tolerance. */
export function usualEvidence({ title, unit, now, median, deviation, allowed, score }: UsualRow): string {
  const of = (value: number | null): string => measureText({ unit, value });
  const place =
    score === null
      ? `the runs before were all the same, and up to ${of(allowed)} from it would count as none`
      : `modified z-score ${score.toFixed(1)}, MAD ${of(deviation)}; up to ${of(allowed)} from it would count as none`;
  return `${title}: ${of(now)}, median ${of(median)}; ${place}`;
}

/** Null where there is nothing to add; otherwise why nothing is judged by what is usual. */
export function notJudgedText({ runs, least }: Usual): string | null {
  if (runs.length >= least) return null;
  return `Not judged by what is usual: ${counted(runs.length, "comparable run")} before it (same parameters, target and version), and it takes ${least}.`;
}

/** How many measures are how, in one line: `Compared with the median of 8 comparable runs: 1 worse, 6 as usual`. */
export function usualLine(usual: Usual): string | null {
  const notJudged = notJudgedText(usual);
  if (notJudged !== null) return usual.runs.length === 0 ? null : notJudged;
  const count = (standing: UsualRow["standing"]): number =>
    usual.rows.filter((row) => row.standing === standing).length;
  const parts = [
    ...(count("worse") === 0 ? [] : [`${count("worse")} worse`]),
    ...(count("better") === 0 ? [] : [`${count("better")} better`]),
    `${count("usual")} as usual`,
    ...(count("too-few") === 0 ? [] : [`${count("too-few")} not judged (seen in too few of them)`]),
  ];
  return `Compared with the median of ${counted(usual.runs.length, "comparable run")}: ${parts.join(", ")}`;
}

/** The section of the report; empty where no comparable run is known. */
export function usualMarkdown({ usual }: Pick<Report, "usual">): string {
  if (usual === undefined || usual.runs.length === 0) return "";
  const notJudged = notJudgedText(usual);
  if (notJudged !== null) return notJudged;
  const words: Readonly<Record<UsualRow["standing"], string>> = {
    usual: "as usual",
    worse: "WORSE",
    better: "better",
    unknown: "not observed",
    "too-few": "not judged: seen in too few runs",
  };
  return [
    `Comparable runs before it: ${listed(usual.runs)}.`,
    table(
      ["Measure", "Now", "Median", "MAD", "Up to this far counts as none", "Modified z-score", ""],
      usual.rows.map(({ title, unit, now, median, deviation, allowed, score, standing }) => {
        const of = (value: number | null): string => (value === null ? "–" : measureText({ unit, value }));
        const figures = [of(median), of(deviation), of(allowed), score === null ? "–" : score.toFixed(1)];
        return [title, measureText({ unit, value: now }), ...figures, words[standing]];
      }),
    ),
    `A score beyond 3.5 and beyond the tolerance is worse or better (B. Iglewicz and D. Hoaglin, 1993); a measure is judged when ${usual.least} comparable runs have seen it.`,
  ].join("\n\n");
}
