import type { History } from "../../probes/history.ts";
import { latencyByStretch } from "../latency.ts";
import type { Report } from "../report.ts";
import { number, percent } from "../words.ts";
import { becameOf, becameOrder, becameWords, type Became } from "./became.ts";
import { boxSeries, type Box } from "./boxes.ts";
import { header, legend, lineHeight, margin, rect, swatchOf, text, type Element } from "./draw.ts";
import { longestAlt, type Picture } from "./picture.ts";
import { stretchWords, type Stretch } from "./stretches.ts";
import { fit } from "./text-width.ts";
import { axisHeight } from "./timeline.ts";
import { canvas, fontFamily, fontSize, themes, type ChartTheme } from "./theme.ts";

const stretches: readonly Stretch[] = ["baseline", "fault", "recovery"];
const percentiles = ["p50Ms", "p95Ms", "p99Ms"] as const;
type Percentile = (typeof percentiles)[number];
const percentileWords: Readonly<Record<Percentile, string>> = {
  p50Ms: "median",
  p95Ms: "95th",
  p99Ms: "99th percentile",
};
const symbols: Readonly<Record<Percentile, "circle" | "triangle" | "diamond">> = {
  p50Ms: "circle",
  p95Ms: "triangle",
  p99Ms: "diamond",
};

/** What one client saw in one stretch. */
interface Row {
  client: string;
  stretch: Stretch;
  /** Null: too few values for that percentile. */
  latency: Readonly<Record<Percentile, number | null>>;
  counts: Readonly<Record<Became, number>>;
}

const rowHeight = 44;
const columns = { latency: { left: 160, width: 400 }, share: { left: 590, width: 220 } };
/** More clients would make the letters unreadable; the report's tables have them all. */
const mostClients = 4;

/** Before, during and after the fault beside each other. Null without a baseline and a fault to compare. */
export function phasesPicture(history: History, report: Report): Picture | null {
  const rows = readRows(history);
  const has = (stretch: Stretch): boolean => rows.some((row) => row.stretch === stretch);
  if (!has("baseline") || !has("fault") || rows.every(({ latency }) => latency.p50Ms === null)) return null;
  const facts: Facts = {
    rows,
    clients: [...new Set(rows.map(({ client }) => client))],
    words: stretchWords(history),
    title: titleOf(rows, stretchWords(history).fault),
    sub: `${report.run.title} · ${report.run.id}`,
  };
  return {
    id: "phases",
    title: "Before, during and after",
    alt: altText(facts),
    shownIn: "report",
    widthPx: canvas.width,
    heightPx: place(themes.light, facts).bottom,
    option: (theme) => {
      const { elements, tops, first, last } = place(theme, facts);
      const height = last - first;
      const label = { fontSize: fontSize.small, fontFamily, color: theme.text };
      const bounds = latencyBounds(rows);
      // The axis of rows runs in pixels from below, so that headings may stand between them.
      const y = { type: "value", min: 0, max: height, show: false };
      const middle = (at: number): number => last - ((tops[at] ?? 0) + rowHeight / 2);
      return {
        animation: false,
        backgroundColor: theme.background,
        grid: [
          { left: columns.latency.left, width: columns.latency.width, top: first, height },
          { left: columns.share.left, width: columns.share.width, top: first, height },
        ],
        xAxis: [
          {
            type: "log",
            gridIndex: 0,
            ...bounds,
            splitLine: { lineStyle: { color: theme.axis, opacity: 0.35 } },
            axisLine: { lineStyle: { color: theme.axis }, onZero: false },
            axisLabel: { ...label, formatter: (value: number) => axisMs(value), hideOverlap: true },
          },
          { type: "value", gridIndex: 1, min: 0, max: 1, show: false },
        ],
        yAxis: [
          { ...y, gridIndex: 0 },
          { ...y, gridIndex: 1 },
        ],
        graphic: elements,
        series: [
          ...rows.map((row, at) => ({
            type: "line",
            silent: true,
            xAxisIndex: 0,
            yAxisIndex: 0,
            showSymbol: false,
            lineStyle: { width: 3, color: theme.axis },
            data: percentiles.flatMap((name) => (row.latency[name] === null ? [] : [[row.latency[name], middle(at)]])),
          })),
          ...percentiles.map((name, at) => ({
            type: "scatter",
            silent: true,
            xAxisIndex: 0,
            yAxisIndex: 0,
            z: 10,
            symbol: symbols[name],
            symbolSize: 20,
            itemStyle: { color: percentileColour(theme, at) },
            data: rows.flatMap((row, of) => (row.latency[name] === null ? [] : [[row.latency[name], middle(of)]])),
          })),
          ...becameOrder.map((what) =>
            boxSeries(
              1,
              theme.outcome[what],
              rows.flatMap((row, at) => shareBox(row, what, middle(at))),
            ),
          ),
        ],
      };
    },
  };
}

interface Facts {
  rows: readonly Row[];
  clients: readonly string[];
  words: ReturnType<typeof stretchWords>;
  title: string;
  sub: string;
}

function percentileColour(theme: ChartTheme, at: number): string {
  return [theme.palette.blue, theme.palette.orange, theme.palette.red][at] ?? theme.text;
}

/** Everything but the dots and bars, and where the rows go. */
function place(
  theme: ChartTheme,
  { rows, clients, words, title, sub }: Facts,
): { elements: Element[]; tops: number[]; first: number; last: number; bottom: number } {
  const widthPx = canvas.width;
  const head = header(theme, title, sub, widthPx);
  const shown = becameOrder.filter((what) => rows.some(({ counts }) => counts[what] > 0));
  const dots = legend(
    theme,
    { y: head.bottom, widthPx, heading: "Latency, ms" },
    percentiles
      .filter((name) => rows.some(({ latency }) => latency[name] !== null))
      .map((name) => ({
        words: percentileWords[name],
        draw: (box) => [
          symbolElement(
            symbols[name],
            box.x + box.width / 2,
            box.y + box.height / 2,
            percentileColour(theme, percentiles.indexOf(name)),
          ),
        ],
      })),
  );
  const shares = legend(
    theme,
    { y: dots.bottom, widthPx, heading: "Answers" },
    shown.map((what) => ({ words: becameWords[what], draw: swatchOf(theme.outcome[what]) })),
  );
  const elements: Element[] = [...head.elements, ...dots.elements, ...shares.elements];
  const tops: number[] = [];
  const first = shares.bottom + 8;
  let y = first;
  for (const client of clients) {
    elements.push(
      text(
        fit(client, widthPx - 2 * margin, fontSize.small, "bold"),
        { x: margin, y: y + lineHeight / 2 },
        { color: theme.text, weight: "bold" },
      ),
    );
    y += lineHeight;
    for (const row of rows.filter((one) => one.client === client)) {
      const middle = y + rowHeight / 2;
      tops.push(y);
      elements.push(
        rect(
          { x: margin, y: y + 1, width: widthPx - 2 * margin, height: rowHeight - 2 },
          { fill: theme.phase[row.stretch] },
          -1,
        ),
        text(words[row.stretch], { x: margin + 8, y: middle }, { color: theme.text }),
        text(okShare(row.counts), { x: widthPx - margin - 4, y: middle, align: "right" }, { color: theme.text }),
      );
      y += rowHeight;
    }
    y += 6;
  }
  return { elements, tops, first, last: y, bottom: y + axisHeight + margin - 8 };
}

function symbolElement(symbol: "circle" | "triangle" | "diamond", x: number, y: number, fill: string): Element {
  if (symbol === "circle")
    return { type: "circle", silent: true, z: 20, shape: { cx: x, cy: y, r: 10 }, style: { fill } };
  const points =
    symbol === "triangle"
      ? [
          [x, y - 10],
          [x + 10, y + 10],
          [x - 10, y + 10],
        ]
      : [
          [x, y - 12],
          [x + 10, y],
          [x, y + 12],
          [x - 10, y],
        ];
  return {
    type: "polyline",
    silent: true,
    z: 20,
    shape: { points: [...points, points[0]] },
    style: { fill, stroke: fill, lineWidth: 1 },
  };
}

function readRows(history: History): Row[] {
  const became = becameOf(history);
  const kind = history.header.clients.some((client) => client.kind === "write") ? "write" : "read";
  const clients = history.header.clients.filter((client) => client.kind === kind).slice(0, mostClients);
  const parts = latencyByStretch(history, became);
  return clients.flatMap(({ id: client }) =>
    stretches.flatMap((stretch): Row[] => {
      const part = parts.find((one) => one.client === client && one.stretch === stretch);
      if (part === undefined) return [];
      const [ok = 0, lost = 0, fail = 0, unknown = 0] = becameOrder.map((what) => part.counts.get(what));
      const counts = { ok, lost, fail, unknown };
      return [{ client, stretch, latency: part.figures, counts }];
    }),
  );
}

function total(counts: Row["counts"]): number {
  return becameOrder.reduce((sum, what) => sum + counts[what], 0);
}

function shareBox({ counts }: Row, what: Became, middle: number): Box[] {
  const all = total(counts);
  if (counts[what] === 0) return [];
  const below = becameOrder.slice(0, becameOrder.indexOf(what)).reduce((sum, one) => sum + counts[one], 0);
  return [[below / all, (below + counts[what]) / all, middle - rowHeight * 0.3, middle + rowHeight * 0.3]];
}

/** The share that was acknowledged and kept; never rounded up to all. */
function okShare(counts: Row["counts"]): string {
  if (counts.ok === 0) return "0 % ok";
  const share = (100 * counts.ok) / total(counts);
  return counts.ok === total(counts) ? "100 % ok" : `${Math.min(99.9, Math.max(0.1, share)).toFixed(1)} % ok`;
}

function latencyBounds(rows: readonly Row[]): { min: number; max: number } {
  const values = rows.flatMap(({ latency }) => percentiles.flatMap((name) => latency[name] ?? []));
  return {
    min: 10 ** Math.floor(Math.log10(Math.min(...values))),
    max: 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.05)),
  };
}

function axisMs(value: number): string {
  return value >= 1000 ? `${number(value / 1000)} s` : `${value < 1 ? Number(value.toPrecision(2)) : number(value)}`;
}

/**
 * What the fault did to the client that it hit worst: answers that were lost or not given before slow ones, since quick
 * answers of the few that got one say nothing for the others.
 */
function titleOf(rows: readonly Row[], faultWord: string): string {
  const pairs = rows.flatMap((now) => {
    const before = rows.find((one) => one.client === now.client && one.stretch === "baseline");
    return now.stretch === "fault" && before !== undefined ? [{ client: now.client, before, now }] : [];
  });
  const drops = pairs
    .map((pair) => ({ ...pair, by: share(pair.before.counts) - share(pair.now.counts) }))
    .toSorted((a, b) => b.by - a.by);
  const worst = drops[0];
  if (worst !== undefined && worst.by > leastDrop) {
    return `${worst.client}: ${okShare(worst.now.counts)} during the ${faultWord}, ${okShare(worst.before.counts).replace(" ok", "")} before`;
  }
  const slowed = pairs
    .flatMap(({ client, before, now }) => {
      const [from, to] = [before.latency.p50Ms, now.latency.p50Ms];
      return from === null || to === null ? [] : [{ client, factor: to / from }];
    })
    .toSorted((a, b) => b.factor - a.factor);
  const slowest = slowed[0];
  if (slowest === undefined) return `Before, during and after the ${faultWord}`;
  return slowest.factor < leastFactor
    ? `The median was no slower during the ${faultWord}`
    : `${slowest.client}: median ${slowest.factor.toFixed(1)} times the baseline's during the ${faultWord}`;
}

/** A loss of less than a hundredth of the answers is told in the figures, not in the title. */
const leastDrop = 0.01;
/** Medians closer than this are called the same. */
const leastFactor = 1.2;

function share(counts: Row["counts"]): number {
  return counts.ok / total(counts);
}

function altText({ title, rows, words }: Facts): string {
  const lines = rows.map(({ client, stretch, latency, counts }) => {
    const quoted = percentiles.flatMap((name) => {
      const ms = latency[name];
      return ms === null
        ? []
        : [
            `${percentileWords[name].replace(" percentile", "")} ${ms < 100 ? ms.toPrecision(3) : number(Math.round(ms))} ms`,
          ];
    });
    const bad = (["lost", "fail", "unknown"] as const)
      .filter((what) => counts[what] > 0)
      .map((what) => `${percent(counts[what], total(counts))} ${becameWords[what]}`);
    return `${client}, ${words[stretch]}: ${[...quoted, okShare(counts), ...bad].join(", ")}`;
  });
  return `${title}. ${lines.join("; ")}.`.slice(0, longestAlt);
}
