import { figureText, figureTitle } from "../comparison/figures.ts";
import { figuresSeen, reasonsOf, type ExperimentHistory } from "../comparison/history.ts";
import { trendText } from "../comparison/trend-text.ts";
import { counted } from "../words.ts";

/** What the picture of a history shows, for people who cannot see it (at most 2,000 characters, Slack's limit): each figure from its first run to its last, and which runs stand alone. */
export function trendAltText(history: ExperimentHistory): string {
  const { experiment, points, reference, trends } = history;
  const comparable = points.filter(({ kind }) => kind === "comparable");
  const figures = figuresSeen(history).map((figure) => {
    const values = comparable.map(({ run }) => figureText(figure, run.figures[figure]));
    return `${figureTitle(figure)} of the comparable runs, oldest first: ${values.join(", ") || "none"}`;
  });
  const alone = (["other", "no-proof"] as const).flatMap((kind) =>
    reasonsOf(points, kind).map(([why, runs]) => `${counted(runs, "run")} not joined: ${why}`),
  );
  const now = reference === null ? [] : [`The newest, ${reference.runId}: ${trends.map(trendText).join("; ")}`];
  return [`Chart of ${counted(points.length, "run")} of ${experiment}`, ...now, ...figures, ...alone]
    .join(". ")
    .slice(0, 2000);
}
