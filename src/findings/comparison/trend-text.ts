import { counted } from "../words.ts";
import { figureText, figureTitle, type FigureId } from "./figures.ts";
import { leastRuns, type FigureTrend } from "./trend.ts";

/**
 * One figure beside its usual value: `RTO 5.40 s, worse than usual (median 3.30 s of 6 runs)`. A figure that was not
 * observed is `unknown`, and nothing is said about it. With too few runs for a median it stands beside the last one.
 */
export function trendText(trend: FigureTrend): string {
  const { figure, now, earlier, median, standing } = trend;
  const named = `${figureTitle(figure)} ${figureText(figure, now)}`;
  if (standing === "unknown") return named;
  if (standing === "too-few" || median === null) {
    const last = earlier.at(-1);
    return last === undefined ? named : `${named}, ${stepWords[trend.step]} (${figureText(figure, last)})`;
  }
  const usual = `median ${figureText(figure, median)} of ${counted(earlier.length, "run")}`;
  return `${named}, ${standingWords[standing]} (${usual})${driftText(trend)}`;
}

const standingWords = { usual: "as usual", worse: "worse than usual", better: "better than usual" } as const;

/** Beside the last comparable run, while there are too few to know what is usual. */
const stepWords = {
  none: "no comparable run before",
  same: "as in the last comparable run",
  worse: "worse than the last comparable run",
  better: "better than the last comparable run",
} as const;

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

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** The newest 20 values beside the largest of them; `·` was not observed. */
export function figureBars(values: ReadonlyArray<number | null>): string {
  const shown = values.slice(-20);
  const most = Math.max(0, ...shown.map((value) => value ?? 0));
  return shown
    .map((value) => (value === null ? "·" : (bars[most === 0 ? 0 : Math.round((7 * value) / most)] ?? "█")))
    .join("");
}
