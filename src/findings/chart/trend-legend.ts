import { reasonsOf, type ExperimentHistory, type HistoryPoint } from "../comparison/history.ts";
import { canvas, fontFamily, fontSize, type ChartTheme } from "./theme.ts";

/** What the signs mean; only those that are in the picture. Words of other runs say why they are not joined. */
export function trendLegend(history: ExperimentHistory, theme: ChartTheme, y: number): object[] {
  const { points, usual } = history;
  const { blue, red, purple, grey } = theme.palette;
  const comparable = points.filter(({ kind }) => kind === "comparable");
  const hasRefuted = comparable.some(({ run }) => run.verdicts?.hypothesis === "refuted");
  const hasHeld = comparable.some(({ run }) => run.verdicts?.hypothesis !== "refuted");
  const reasons = (kind: HistoryPoint["kind"]): string =>
    reasonsOf(points, kind)
      .map(([why, runs]) => `${why} (${runs})`)
      .join("; ");
  const [others, unproven] = [reasons("other"), reasons("no-proof")];
  const rows = [
    [
      ...(hasHeld ? [{ sign: "circle", color: blue, words: "held" }] : []),
      ...(hasRefuted ? [{ sign: "diamond", color: red, words: "refuted" }] : []),
      ...(Object.values(usual).some((spread) => spread !== null)
        ? [{ sign: "band", color: theme.phase.recovery, words: "usual, and its median" }]
        : []),
    ],
    [
      ...(others === "" ? [] : [{ sign: "triangle", color: purple, words: `not comparable: ${others}` }]),
      ...(unproven === "" ? [] : [{ sign: "cross", color: grey, words: `proves nothing: ${unproven}` }]),
    ],
  ].flatMap((row, at) => (at === 0 ? [row] : row.map((one) => [one])));
  return rows
    .filter((row) => row.length > 0)
    .slice(0, 3)
    .flatMap((row, line) => {
      let x = 24;
      return row.flatMap(({ sign, color, words }) => {
        const shown = fitting(words, fontSize.small, canvas.width - x - 70);
        const drawn = [
          signAt(sign, color, theme, x, y + line * 38),
          {
            type: "text",
            left: x + 36,
            top: y + line * 38,
            style: { text: shown, fill: theme.text, fontSize: fontSize.small, fontFamily },
          },
        ];
        x += 36 + shown.length * letterWidth(fontSize.small) + 40;
        return drawn;
      });
    });
}

function signAt(sign: string, color: string, theme: ChartTheme, x: number, y: number): object {
  const middle = y + 12;
  const poly = (points: number[][], style: object): object => ({
    type: "polygon",
    shape: { points: points.map(([dx = 0, dy = 0]) => [x + 12 + dx, middle + dy]) },
    style,
  });
  switch (sign) {
    case "circle":
      return { type: "circle", shape: { cx: x + 12, cy: middle, r: 9 }, style: { fill: color } };
    case "diamond":
      return poly(
        [
          [0, -12],
          [12, 0],
          [0, 12],
          [-12, 0],
        ],
        { fill: color },
      );
    case "triangle":
      return poly(
        [
          [0, -9],
          [10, 9],
          [-10, 9],
        ],
        { fill: theme.background, stroke: color, lineWidth: 3 },
      );
    case "cross":
      return poly(
        [
          [-8, -5],
          [-5, -8],
          [0, -3],
          [5, -8],
          [8, -5],
          [3, 0],
          [8, 5],
          [5, 8],
          [0, 3],
          [-5, 8],
          [-8, 5],
          [-3, 0],
        ],
        { fill: color },
      );
    default:
      return {
        type: "rect",
        shape: { x, y: middle - 10, width: 26, height: 20 },
        style: { fill: color, stroke: theme.axis, lineWidth: 1 },
      };
  }
}

/** About as wide as a letter of DejaVu Sans is on average. */
function letterWidth(size: number): number {
  return size * 0.6;
}

/** Cuts what would run out of the picture; the list in the message has the whole of it. */
export function fitting(text: string, size: number, width: number): string {
  const most = Math.floor(width / letterWidth(size));
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}
