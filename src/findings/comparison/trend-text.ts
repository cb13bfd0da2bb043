import { counted } from "../words.ts";
import { figureText, figureTitle, type FigureId } from "./figures.ts";
import { leastRuns, type FigureTrend } from "./trend.ts";

/**
 * One figure beside its usual value: `RTO 5.40 s, worse than usual (median 3.30 s of 6 runs)`. A figure that was not
 * observed is `unknown`, and nothing is said about it.
 */
export function trendText(trend: FigureTrend): string {
  const { figure, now, earlier, median, standing } = trend;
  const named = `${figureTitle(figure)} ${figureText(figure, now)}`;
  if (standing === "unknown") return named;
  if (standing === "too-few" || median === null) {
    return earlier.length === 0 ? named : `${named} (${counted(earlier.length, "comparable run")} before)`;
  }
  const usual = `median ${figureText(figure, median)} of ${counted(earlier.length, "run")}`;
  return `${named}, ${standingWords[standing]} (${usual})${driftText(trend)}`;
}

const standingWords = { usual: "as usual", worse: "worse than usual", better: "better than usual" } as const;

/** `, creeping up over 6 runs`; empty without a drift. */
function driftText({ drift, earlier }: FigureTrend): string {
  if (drift === "none") return "";
  return `, ${drift === "up" ? "creeping up" : "coming down"} over ${counted(earlier.length + 1, "run")}`;
}

/** The trend of all figures in one sentence, worst first: what is worse, what creeps up, what is better, or that all is usual. */
export function trendSentence(trends: readonly FigureTrend[]): string {
  const of = (belongs: (trend: FigureTrend) => boolean): string =>
    trends
      .filter(belongs)
      .map(({ figure }) => inSentence(figure))
      .join(" and ");
  const worse = of(({ standing }) => standing === "worse");
  const creeping = of(({ standing, drift }) => standing !== "worse" && drift === "up");
  const better = of(({ standing }) => standing === "better");
  const parts = [
    ...(worse === "" ? [] : [`${worse} worse than usual`]),
    ...(creeping === "" ? [] : [`${creeping} creeping up from run to run`]),
    ...(better === "" ? [] : [`${better} better than usual`]),
  ];
  if (parts.length > 0) return parts.join(", ");
  if (trends.some(({ standing }) => standing === "usual")) return "as usual";
  if (trends.every(({ standing }) => standing === "unknown")) return "nothing to compare: no figure was observed";
  return `too few comparable runs for a trend (it takes ${leastRuns} before it)`;
}

function inSentence(figure: FigureId): string {
  return figure === "rto" ? "RTO" : figureTitle(figure).toLowerCase();
}
