import type { EChartsCoreOption } from "echarts/core";
import { figureText, figureTitle, type FigureId } from "../comparison/figures.ts";
import { figuresSeen, reasonsOf, type ExperimentHistory, type HistoryPoint } from "../comparison/history.ts";
import { counted } from "../words.ts";
import { canvas, fontFamily, fontSize, themes, type ChartTheme, type ThemeName } from "./theme.ts";

/** Which stretch of the canvas the panels share, and what is between two of them, in pixels. */
const top = 150;
const panelHeight = 150;
const between = 58;
const bottom = 176;
const left = 130;
const right = 150;

/** So many runs can be told apart on a canvas that is read 360 px wide. */
export const mostRunsDrawn = 50;

/** The picture is as high as it has figures to show. */
export function trendSize(history: ExperimentHistory): { width: number; height: number } {
  const panels = Math.max(1, figuresSeen(history).length);
  return { width: canvas.width, height: top + panels * panelHeight + (panels - 1) * between + bottom };
}

/**
 * The history of an experiment as an ECharts option: a panel for each figure, the runs side by side in order. Comparable
 * runs are joined by a line over a band of what is usual; others stand alone, and the legend says why. Whether the
 * hypothesis held is told by the symbol, not by its colour alone.
 */
export function trendOption(history: ExperimentHistory, themeName: ThemeName): EChartsCoreOption {
  const theme = themes[themeName];
  const figures = figuresSeen(history);
  const names = history.points.map(({ run }) => run.runId.replace(/^run-/, ""));
  const text = (size: number, color: string) => ({ fontSize: size, color, fontFamily, fontWeight: "normal" as const });
  const at = (panel: number): number => top + panel * (panelHeight + between);
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily },
    title: [
      {
        text: fitting(history.experiment, fontSize.title, canvas.width - 48),
        left: 24,
        top: 16,
        textStyle: { ...text(fontSize.title, theme.text), fontWeight: "bold" },
      },
      {
        text: fitting(subtitle(history), fontSize.small, canvas.width - 48),
        left: 24,
        top: 64,
        textStyle: text(fontSize.small, theme.muted),
      },
      ...figures.map((figure, panel) => ({
        text: panelTitle(figure),
        left: left - 6,
        top: at(panel) - 46,
        textStyle: { ...text(fontSize.text, theme.text), fontWeight: "bold" },
      })),
      ...(figures.length === 0
        ? [{ text: "No run has figures to show.", left: 24, top: top, textStyle: text(fontSize.text, theme.text) }]
        : []),
    ],
    grid: figures.map((_figure, panel) => ({ left, right, top: at(panel), height: panelHeight })),
    xAxis: figures.map((_figure, panel) => ({
      type: "category",
      gridIndex: panel,
      data: names,
      boundaryGap: true,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: theme.axis } },
      axisLabel: {
        show: panel === figures.length - 1,
        ...text(fontSize.small, theme.text),
        interval: labelEvery(names.length),
      },
      ...(panel === figures.length - 1
        ? { name: "run", nameLocation: "end", nameGap: 14, nameTextStyle: text(fontSize.small, theme.muted) }
        : {}),
    })),
    yAxis: figures.map((figure, panel) => ({
      type: "value",
      gridIndex: panel,
      min: 0,
      max: highest(history, figure),
      interval: highest(history, figure) / 2,
      splitLine: { lineStyle: { color: theme.grid } },
      axisLabel: { ...text(fontSize.small, theme.muted), formatter: (value: number) => axisText(figure, value) },
    })),
    series: figures.flatMap((figure, panel) => panelSeries(history, figure, panel, theme)),
    graphic: legend(history, theme, at(Math.max(1, figures.length) - 1) + panelHeight + 56),
  };
}

function panelTitle(figure: FigureId): string {
  const units = { rto: ", s", lost: "", slowDown: ", times the baseline" } as const;
  return `${figureTitle(figure)}${units[figure]}`;
}

/** Values on the axis, in the unit that the panel's title names. */
function axisText(figure: FigureId, value: number): string {
  const shown = figure === "rto" ? value / 1000 : value;
  return shown >= 1000 ? `${(shown / 1000).toLocaleString("en-US")}k` : String(Number(shown.toPrecision(3)));
}

function subtitle({ points, reference }: ExperimentHistory): string {
  const days = points.map(({ run }) => run.endedAt.slice(0, 10));
  const [from = "", to = ""] = [days[0], days.at(-1)];
  const where = reference === null ? "" : `${reference.cluster}/${reference.namespace} · `;
  return `${where}${counted(points.length, "run")}, ${from === to ? from : `${from} to ${to}`} (UTC)`;
}

/** A round number above everything in the panel, with an even half. */
function highest(history: ExperimentHistory, figure: FigureId): number {
  const usual = history.usual[figure];
  const most = Math.max(
    ...history.points.map(({ run }) => run.figures[figure] ?? 0),
    usual === null ? 0 : usual.median + Math.min(usual.allowed, usual.median),
  );
  if (most === 0) return 2;
  const magnitude = 10 ** Math.floor(Math.log10(most));
  const step = [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].find((factor) => factor * magnitude >= most * 1.02) ?? 20;
  return figure === "lost" ? Math.max(2, step * magnitude) : step * magnitude;
}

/** About ten labels at most: they are read in a thumbnail. */
function labelEvery(count: number): number {
  return Math.max(0, Math.ceil(count / 10) - 1);
}

const symbols = {
  held: "circle",
  refuted: "diamond",
  other: "emptyTriangle",
  noProof: "path://M0,2L2,0L5,3L8,0L10,2L7,5L10,8L8,10L5,7L2,10L0,8L3,5Z",
} as const;

function panelSeries(history: ExperimentHistory, figure: FigureId, panel: number, theme: ChartTheme): object[] {
  const { points, usual, reference } = history;
  const axes = { xAxisIndex: panel, yAxisIndex: panel };
  const { blue, red, purple, grey } = theme.palette;
  const valueOf = (belongs: (point: HistoryPoint) => boolean): Array<number | null> =>
    points.map((point) => (belongs(point) ? point.run.figures[figure] : null));
  const spread = usual[figure];
  const newest = points.findLastIndex(({ run }) => run.runId === reference?.runId);
  const newestValue = reference?.figures[figure] ?? null;
  const refuted = ({ run }: HistoryPoint): boolean => run.verdicts?.hypothesis === "refuted";
  const line = valueOf(({ kind }) => kind === "comparable").flatMap((value, at) =>
    value === null ? [] : [[at, value]],
  );
  const dots = (
    name: string,
    symbol: string,
    size: number,
    color: string,
    belongs: (point: HistoryPoint) => boolean,
  ) => ({
    name,
    type: "line",
    ...axes,
    data: valueOf(belongs),
    lineStyle: { width: 0 },
    symbol,
    symbolSize: size,
    showAllSymbol: true,
    itemStyle: { color, ...(symbol.startsWith("empty") ? { borderWidth: 3 } : {}) },
    z: 5,
  });
  return [
    {
      name: "comparable",
      type: "line",
      ...axes,
      data: line,
      showSymbol: false,
      lineStyle: { color: blue, width: 4 },
      z: 3,
      ...(spread === null
        ? {}
        : {
            markArea: {
              silent: true,
              itemStyle: { color: theme.phase.recovery },
              data: [
                [{ yAxis: Math.max(0, spread.median - spread.allowed) }, { yAxis: spread.median + spread.allowed }],
              ],
            },
            markLine: {
              silent: true,
              symbol: "none",
              label: { show: false },
              lineStyle: { color: theme.axis, type: "dashed", width: 2 },
              data: [{ yAxis: spread.median }],
            },
          }),
    },
    dots("held", symbols.held, 18, blue, (point) => point.kind === "comparable" && !refuted(point)),
    dots("refuted", symbols.refuted, 24, red, (point) => point.kind === "comparable" && refuted(point)),
    dots("other", symbols.other, 18, purple, ({ kind }) => kind === "other"),
    dots("no proof", symbols.noProof, 16, grey, ({ kind }) => kind === "no-proof"),
    ...(newest < 0 || newestValue === null
      ? []
      : [
          {
            name: "newest",
            type: "line",
            ...axes,
            data: points.map((_point, at) => (at === newest ? newestValue : null)),
            symbol: "circle",
            symbolSize: 1,
            lineStyle: { width: 0 },
            label: {
              show: true,
              position: "right",
              distance: 14,
              formatter: figureText(figure, newestValue),
              fontSize: fontSize.text,
              fontWeight: "bold",
              fontFamily,
              color: theme.text,
              backgroundColor: theme.background,
              padding: [2, 4],
            },
            z: 8,
          },
        ]),
  ];
}

/** What the signs mean; only those that are in the picture. Words of other runs say why they are not joined. */
function legend(history: ExperimentHistory, theme: ChartTheme, y: number): object[] {
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
            style: { text: shown, fill: theme.text, font: `${fontSize.small}px ${fontFamily}` },
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
function fitting(text: string, size: number, width: number): string {
  const most = Math.floor(width / letterWidth(size));
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}
