import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import { number } from "../words.ts";
import { chartAltText, headline } from "./alt-text.ts";
import { becameOf, becameOrder, becameWords, type Became } from "./became.ts";
import { boxSeries, type Box } from "./boxes.ts";
import {
  header,
  legend,
  line,
  lineHeight,
  margin,
  rect,
  swatchOf,
  text,
  xOf,
  type Element,
  type TimeAxis,
} from "./draw.ts";
import { readMarks, type Mark } from "./marks.ts";
import { longestAlt, type Picture } from "./picture.ts";
import { pinKey, pins, pinsHeight } from "./pins.ts";
import { latencySeries, type Point } from "./series.ts";
import { endOf, stretchSpans, stretchWords, type StretchSpan } from "./stretches.ts";
import { textWidth } from "./text-width.ts";
import { canvas, fontFamily, fontSize, seriesLook, themes, type ChartTheme } from "./theme.ts";

const plotLeft = 116;
const panelHeight = { outcomes: 150, latency: 180 };
/** Room below a time axis for its figures. */
export const axisHeight = 44;
const buckets = 60;

/** Answers per second and latency over one time axis, with the stretches of the run named and its events numbered. */
export function timelinePicture(history: History, report: Report): Picture | null {
  const kind = history.operations.some((op) => op.kind === "write") ? "write" : "read";
  if (!history.operations.some((op) => op.kind === kind)) return null;
  const endS = endOf(history);
  const marks = readMarks(history);
  const spans = stretchSpans(history, endS);
  const rates = outcomeRates(history, kind, endS);
  const clients = latencySeries(history, kind);
  const axis = { left: plotLeft, right: canvas.width - margin - 4, endS };
  const facts: Facts = {
    report,
    kind,
    shown: becameOrder.filter((what) => rates[what].length > 0),
    clients: clients.map(({ client }) => client),
    axis,
    marks,
    spans,
    words: stretchWords(history),
  };
  return {
    id: "timeline",
    title: `Every ${kind} over time`,
    alt: altText(report, marks, spans),
    shownIn: "thread and report",
    widthPx: canvas.width,
    heightPx: place(themes.light, facts).bottom,
    option: (theme) => {
      const { elements, outcomesTop, latencyTop } = place(theme, facts);
      const right = canvas.width - axis.right;
      const small = { fontSize: fontSize.small, fontFamily, color: theme.text };
      const x = {
        type: "value",
        min: 0,
        max: endS,
        splitLine: { show: false },
        axisLine: { lineStyle: { color: theme.axis } },
      };
      const y = { splitNumber: 2, axisLabel: small, splitLine: { lineStyle: { color: theme.grid } } };
      return {
        animation: false,
        backgroundColor: theme.background,
        grid: [
          { left: axis.left, right, top: outcomesTop, height: panelHeight.outcomes },
          { left: axis.left, right, top: latencyTop, height: panelHeight.latency },
        ],
        xAxis: [
          { ...x, gridIndex: 0, axisLabel: { show: false }, axisTick: { show: false } },
          {
            ...x,
            gridIndex: 1,
            axisLabel: { ...small, formatter: "{value} s", margin: 12, hideOverlap: true, showMaxLabel: false },
            splitNumber: 6,
          },
        ],
        yAxis: [
          { type: "value", gridIndex: 0, ...y },
          { type: "log", gridIndex: 1, ...y, min: lowestMs(clients.flatMap(({ median }) => median)) },
        ],
        graphic: elements,
        series: [
          ...becameOrder.map((what) => boxSeries(0, theme.outcome[what], rates[what])),
          ...clients.flatMap(({ median, worst }, at) => {
            const { color, dash } = seriesLook(theme, at);
            const common = {
              type: "line",
              silent: true,
              xAxisIndex: 1,
              yAxisIndex: 1,
              showSymbol: false,
              z: 6,
              itemStyle: { color },
            };
            return [
              { ...common, data: worst, lineStyle: { width: 1.4, color, opacity: 0.6 } },
              { ...common, data: median, lineStyle: { width: 4, color, type: dash } },
            ];
          }),
        ],
      };
    },
  };
}

interface Facts {
  report: Report;
  kind: "write" | "read";
  shown: readonly Became[];
  clients: readonly string[];
  axis: TimeAxis;
  marks: readonly Mark[];
  spans: readonly StretchSpan[];
  words: ReturnType<typeof stretchWords>;
}

/** Everything but the axes and the data, and where those go: each part begins where the one above it ends. */
function place(
  theme: ChartTheme,
  facts: Facts,
): { elements: Element[]; outcomesTop: number; latencyTop: number; bottom: number } {
  const { report, kind, axis, marks } = facts;
  const widthPx = canvas.width;
  const head = header(
    theme,
    headline(report),
    `${report.run.title} · ${report.run.id} · hypothesis ${report.verdicts.hypothesis}`,
    widthPx,
  );
  const outcomes = legend(
    theme,
    { y: head.bottom, widthPx, heading: `${kind === "write" ? "Writes" : "Reads"}/s` },
    facts.shown.map((what) => ({ words: becameWords[what], draw: swatchOf(theme.outcome[what]) })),
  );
  const pinsTop = outcomes.bottom + 6;
  const outcomesTop = pinsTop + pinsHeight;
  const latency = legend(
    theme,
    { y: outcomesTop + panelHeight.outcomes + 8 + lineHeight, widthPx, heading: "Latency, ms" },
    facts.clients.map((client, at) => ({
      words: client,
      draw: ({ x, y, width, height }) => {
        const { color, dash } = seriesLook(theme, at);
        const lineDash = { solid: [], dashed: [10, 6], dotted: [3, 5] }[dash];
        return [
          line(
            [
              [x, y + height / 2],
              [x + width, y + height / 2],
            ],
            { stroke: color, lineWidth: 5, ...(lineDash.length === 0 ? {} : { lineDash }) },
          ),
        ];
      },
    })),
  );
  const latencyTop = latency.bottom + 10;
  const plotBottom = latencyTop + panelHeight.latency;
  const key = pinKey(theme, marks, { y: plotBottom + axisHeight, widthPx });
  return {
    elements: [
      ...stretchGrounds(theme, facts, outcomesTop, [outcomesTop + panelHeight.outcomes, latencyTop, plotBottom]),
      ...head.elements,
      ...outcomes.elements,
      ...pins(theme, axis, marks, pinsTop, outcomesTop + panelHeight.outcomes),
      ...marks.map(({ atS }) =>
        line(
          [
            [xOf(axis, atS), latencyTop],
            [xOf(axis, atS), plotBottom],
          ],
          { stroke: theme.axis, lineWidth: 1.6, lineDash: [5, 4] },
        ),
      ),
      ...latency.elements,
      ...key.elements,
    ],
    outcomesTop,
    latencyTop,
    bottom: key.bottom + margin - 6,
  };
}

/** The stretches as grounds of both panels, with their names between the two where there is room. */
function stretchGrounds(
  theme: ChartTheme,
  { axis, spans, words }: Pick<Facts, "axis" | "spans" | "words">,
  top: number,
  [namesTop, latencyTop, bottom]: [number, number, number],
): Element[] {
  return spans.flatMap(({ stretch, fromS, toS }): Element[] => {
    const x = xOf(axis, fromS);
    const width = xOf(axis, toS) - x;
    const fill = theme.phase[stretch];
    const ground = (y: number, height: number): Element => rect({ x, y, width, height }, { fill }, -1);
    const named = textWidth(words[stretch], fontSize.small, "bold") + 4 <= width;
    return [
      ground(top, namesTop + lineHeight - top),
      ground(latencyTop, bottom - latencyTop),
      ...(named
        ? [
            text(
              words[stretch],
              { x: x + width / 2, y: namesTop + lineHeight / 2, align: "center" },
              { color: theme.text, weight: "bold" },
            ),
          ]
        : []),
    ];
  });
}

/** Answers per second in each of the buckets, on top of each other. An operation counts where it was due. */
function outcomeRates(history: History, kind: Facts["kind"], endS: number): Record<Became, Box[]> {
  const became = becameOf(history);
  const widthS = bucketWidth(history, kind, endS);
  const counts = Array.from({ length: Math.ceil(endS / widthS) }, () => ({ ok: 0, lost: 0, fail: 0, unknown: 0 }));
  for (const op of history.operations) {
    if (op.kind !== kind) continue;
    const bucket = counts[Math.min(counts.length - 1, Math.max(0, Math.floor(op.plannedMs / 1000 / widthS)))];
    if (bucket !== undefined) bucket[became(op)] += 1;
  }
  const boxes: Record<Became, Box[]> = { ok: [], lost: [], fail: [], unknown: [] };
  counts.forEach((bucket, at) => {
    let below = 0;
    for (const what of becameOrder) {
      const rate = bucket[what] / widthS;
      if (rate > 0) boxes[what].push([at * widthS, Math.min(endS, (at + 1) * widthS), below, below + rate]);
      below += rate;
    }
  });
  return boxes;
}

/** A whole number of the slowest client's intervals: buckets of unlike counts would show waves that there were not. */
function bucketWidth(history: History, kind: Facts["kind"], endS: number): number {
  const rates = history.header.clients.filter((client) => client.kind === kind).map((client) => client.ratePerSecond);
  const intervalS = 1 / Math.min(100, ...rates.filter((rate) => rate > 0));
  return Math.max(1, Math.ceil(endS / buckets / intervalS)) * intervalS;
}

/** The axis of a logarithm begins at the power of ten below the least value. */
function lowestMs(points: readonly Point[]): number {
  const least = points.reduce((so, [, ms]) => Math.min(so, ms ?? so), Number.POSITIVE_INFINITY);
  return Number.isFinite(least) && least > 0 ? 10 ** Math.floor(Math.log10(least)) : 0.1;
}

function altText(report: Report, marks: readonly Mark[], spans: readonly StretchSpan[]): string {
  const stretches = spans.map(
    ({ stretch, fromS, toS }) => `${stretch} from ${number(Math.round(fromS))} s to ${number(Math.round(toS))} s`,
  );
  const events = marks.map(({ text: what, atS }) => `${what} at ${atS.toFixed(1)} s`);
  return [
    chartAltText(report),
    ...(stretches.length === 0 ? [] : [`Stretches: ${stretches.join(", ")}.`]),
    ...(events.length === 0 ? [] : [`Events: ${events.join(", ")}.`]),
  ]
    .join(" ")
    .slice(0, longestAlt);
}
