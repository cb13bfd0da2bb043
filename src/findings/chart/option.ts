import type { EChartsCoreOption } from "echarts/core";
import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import { headline } from "./alt-text.ts";
import { phaseWindows } from "../latency.ts";
import { number } from "../words.ts";
import { readMarks } from "./marks.ts";
import { fontFamily, seriesLook, themes, type ChartTheme } from "./theme.ts";
import { latencySeries, writeLanes, type Stretch } from "./series.ts";

export const chartSize = { width: 1200, height: 780 };
const laneOutcome: Readonly<Record<Stretch["what"], keyof ChartTheme["outcome"]>> = {
  accepted: "ok",
  "accepted-then-lost": "lost",
  refused: "fail",
  unknown: "unknown",
};
const laneOrder: ReadonlyArray<Stretch["what"]> = ["accepted", "accepted-then-lost", "refused", "unknown"];
const laneWords: Readonly<Record<Stretch["what"], string>> = {
  accepted: "acknowledged and kept",
  "accepted-then-lost": "acknowledged, then LOST",
  refused: "refused",
  unknown: "outcome unknown",
};

/** Room that a letter of a count needs in its band, in pixels. */
const countWidth = 13;

/** Room for the lanes' names, in pixels: so much a letter of the longest, and never less than this. */
const laneLetterWidth = 10.8;
const leastLeft = 190;
const right = 30;

/** The whole picture as an ECharts option: lanes of what became of the writes above, latency below, one time axis. */
export function chartOption(history: History, report: Report, theme: ChartTheme = themes.light): EChartsCoreOption {
  const endS = Math.ceil(history.operations.reduce((latest, op) => Math.max(latest, op.plannedMs), 1000) / 1000);
  const { lanes, stretches } = writeLanes(history);
  const left = Math.max(leastLeft, 24 + laneLetterWidth * Math.max(0, ...lanes.map((lane) => lane.length)));
  const clients = latencySeries(history);
  const marks = readMarks(history);
  const phases = phaseWindows(history).filter(({ phase }) => phase !== "baseline" && phase !== "final-reads");
  const areas = phases.map(({ phase, fromMs, toMs }) => [
    {
      xAxis: fromMs / 1000,
      itemStyle: { color: theme.phase[phase === "active" || phase === "injecting" ? "fault" : "recovery"] },
    },
    { xAxis: Math.min(endS, toMs / 1000) },
  ]);
  const axis = { min: 0, max: endS, axisLabel: { fontSize: 17, color: theme.text }, splitLine: { show: false } };
  const present = laneOrder.filter((what) => stretches.some((stretch) => stretch.what === what));
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily, color: theme.text },
    title: [
      { text: headline(report), left: 24, top: 14, textStyle: { fontSize: 27, fontWeight: "bold", color: theme.text } },
      {
        text: subline(report),
        left: 24,
        top: 52,
        textStyle: { fontSize: 17, fontWeight: "normal", color: theme.muted },
      },
      {
        text: "Write latency, ms: median (bold) and worst (thin)",
        // Above the legend, which grows with the clients.
        left: left - 10,
        top: 410,
        textStyle: { fontSize: 17, fontWeight: "normal", color: theme.muted },
      },
    ],
    legend: [
      {
        data: present.map((what) => laneWords[what]),
        left: 16,
        top: 84,
        textStyle: { fontSize: 17, color: theme.text },
        itemWidth: 22,
        itemGap: 46,
        selectedMode: false,
      },
      {
        data: clients.map(({ client }) => client),
        left: left - 10,
        top: 440,
        textStyle: { fontSize: 17, color: theme.text },
        itemGap: 40,
        icon: "roundRect",
        selectedMode: false,
      },
    ],
    grid: [
      { left, right, top: 194, height: 214 },
      { left, right, top: 482, bottom: 62 },
    ],
    xAxis: [
      { type: "value", gridIndex: 0, ...axis, axisLabel: { show: false } },
      {
        type: "value",
        gridIndex: 1,
        ...axis,
        name: "seconds since the start of the baseline",
        nameLocation: "middle",
        nameGap: 34,
        nameTextStyle: { fontSize: 17, color: theme.text },
      },
    ],
    yAxis: [
      {
        type: "category",
        gridIndex: 0,
        data: lanes.toReversed(),
        axisLabel: { fontSize: 17, color: theme.text },
        axisTick: { show: false },
      },
      {
        type: "log",
        gridIndex: 1,
        axisLabel: { fontSize: 17, color: theme.text },
        min: 0.1,
        minorSplitLine: { show: false },
      },
    ],
    series: [
      ...present.map((what) => laneSeries(what, stretches, theme)),
      {
        type: "line",
        xAxisIndex: 0,
        yAxisIndex: 0,
        data: [],
        markLine: markLine(marks, theme),
        markArea: { silent: true, data: areas },
      },
      lostCounts(stretches, theme),
      ...clients.flatMap(({ client, median, worst }, at) => {
        const { color, dash } = seriesLook(theme, at);
        const line = { type: "line", xAxisIndex: 1, yAxisIndex: 1, showSymbol: false, itemStyle: { color } };
        return [
          { ...line, name: `${client}, worst`, data: worst, lineStyle: { width: 1, color, opacity: 0.45 } },
          {
            ...line,
            name: client,
            data: median,
            lineStyle: { width: 3, color, type: dash },
            ...(at === 0 ? { markArea: { silent: true, data: areas } } : {}),
          },
        ];
      }),
    ],
  };
}

/** What ECharts gives to a function that draws one item of a custom series. */
interface DrawApi {
  value(at: number): number;
  coord(point: [number, number]): [number, number];
  size(point: [number, number]): [number, number];
}

/** How many writes each lost band stands for, over the event lines; bands too short for it go without. */
function lostCounts(stretches: readonly Stretch[], theme: ChartTheme): object {
  return {
    type: "custom",
    xAxisIndex: 0,
    yAxisIndex: 0,
    z: 10,
    encode: { x: [1, 2], y: 0 },
    data: stretches
      .filter((stretch) => stretch.what === "accepted-then-lost")
      .map((stretch) => [stretch.lane, stretch.fromS, stretch.toS, stretch.writes]),
    renderItem: (_params: unknown, api: DrawApi) => {
      const [fromX, y] = api.coord([api.value(1), api.value(0)]);
      const [toX] = api.coord([api.value(2), api.value(0)]);
      const text = `${number(api.value(3))} lost`;
      if (toX - fromX < text.length * countWidth) return null;
      const style = {
        text,
        x: (fromX + toX) / 2,
        y,
        align: "center",
        verticalAlign: "middle",
        fill: theme.background,
        backgroundColor: theme.outcome.lost.color,
        padding: [4, 8],
        fontSize: 19,
        fontWeight: "bold",
        fontFamily,
      };
      return { type: "text", style };
    },
  };
}

/** Stretches of one kind as bars in their lanes; `custom` draws from where to where. */
function laneSeries(what: Stretch["what"], stretches: readonly Stretch[], theme: ChartTheme): object {
  return {
    name: laneWords[what],
    type: "custom",
    xAxisIndex: 0,
    yAxisIndex: 0,
    itemStyle: { color: theme.outcome[laneOutcome[what]].color },
    encode: { x: [1, 2], y: 0 },
    data: stretches
      .filter((stretch) => stretch.what === what)
      .map((stretch) => [stretch.lane, stretch.fromS, stretch.toS]),
    renderItem: (_params: unknown, api: DrawApi) => {
      const [fromX, y] = api.coord([api.value(1), api.value(0)]);
      const [toX] = api.coord([api.value(2), api.value(0)]);
      const height = api.size([0, 1])[1] * 0.56;
      return {
        type: "rect",
        shape: { x: fromX, y: y - height / 2, width: Math.max(2, toX - fromX), height },
        style: { fill: theme.outcome[laneOutcome[what]].color },
      };
    },
  };
}

function markLine(marks: ReturnType<typeof readMarks>, theme: ChartTheme): object {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: theme.axis, type: "dashed", width: 1.4 },
    data: marks.map((mark) => ({
      xAxis: mark.atS,
      label: {
        formatter: mark.text,
        fontSize: 16,
        color: theme.text,
        position: "end",
        distance: mark.row * 20 + 4,
        fontFamily,
      },
    })),
  };
}

function subline(report: Report): string {
  return `${report.run.title} · ${report.run.id} · hypothesis ${report.verdicts.hypothesis} · shaded: ${working(report)} (orange), healing and recovery (green)`;
}

/** What the orange time is: nothing is broken in a run that only does work of its own. */
function working({ timeline }: Report): string {
  return timeline.some(({ event }) => event === "without-fault") ? "the work" : "fault";
}
