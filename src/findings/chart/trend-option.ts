import type { EChartsCoreOption } from "echarts/core";
import { figureText, figureTitle, type FigureId } from "../comparison/figures.ts";
import { figuresSeen, type ExperimentHistory, type HistoryPoint } from "../comparison/history.ts";
import { counted } from "../words.ts";
import { canvas, fontFamily, fontSize, themes, type ChartTheme, type ThemeName } from "./theme.ts";
import { fitting, trendLegend } from "./trend-legend.ts";

/** Which stretch of the canvas the panels share, and what is between two of them, in pixels. */
const top = 150;
const panelHeight = 150;
const between = 70;
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
    graphic: trendLegend(history, theme, at(Math.max(1, figures.length) - 1) + panelHeight + 56),
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
  other: "triangle",
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
    itemStyle: symbol === symbols.other ? { color: theme.background, borderColor: color, borderWidth: 3 } : { color },
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
