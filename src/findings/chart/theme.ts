/**
 * How every chart looks, in light and in dark. Colours are Okabe and Ito's (Color Universal Design, 2008), darkened for
 * a white ground and lightened for a dark one until each has a contrast of 3:1 against it (WCAG 2.2, 1.4.11); a test
 * keeps that. Colour is never the only sign: series differ in dash and symbol, outcomes in pattern, and both have names.
 */
export type ThemeName = "light" | "dark";

/** Colours by name, to be told apart by colour-blind people. */
export interface Palette {
  blue: string;
  sky: string;
  green: string;
  yellow: string;
  orange: string;
  red: string;
  purple: string;
  grey: string;
}

/** Stripes or dots over a fill, as ECharts' `decal` takes them. Null: a plain fill. */
export interface Pattern {
  symbol: "rect" | "circle";
  color: string;
  rotation: number;
  symbolSize: number;
  dashArrayX: number | number[] | number[][];
  dashArrayY: number | number[];
}

/** A line of a chart: colour, dash and the symbol at its points. */
export interface SeriesLook {
  color: string;
  dash: "solid" | "dashed" | "dotted";
  symbol: "circle" | "rect" | "triangle" | "diamond";
}

/** What a bar or band stands for: a colour, and a pattern that tells it apart without one. */
export interface FillLook {
  color: string;
  pattern: Pattern | null;
}

export interface ChartTheme {
  name: ThemeName;
  background: string;
  /** Words that must be read, and words that may be. */
  text: string;
  muted: string;
  /** Axes and event lines, and the lines of a grid. */
  axis: string;
  grid: string;
  palette: Palette;
  /** For the first, second, … series; more than there are begin again. */
  series: readonly SeriesLook[];
  /** What became of operations. */
  outcome: Readonly<Record<"ok" | "lost" | "fail" | "unknown", FillLook>>;
  /** Grounds of the stretches of a run. */
  phase: Readonly<Record<"baseline" | "fault" | "recovery", string>>;
}

export const fontFamily = "DejaVu Sans";

/**
 * The canvas in pixels. Slack shows a picture 360 px wide in a thread: `small` is then 9 px high, the least that is
 * read without opening it.
 */
export const canvas = { width: 960, height: 640 } as const;
export const thumbnailWidth = 360;
export const fontSize = { title: 36, text: 27, small: 24 } as const;

const stripes = (color: string): Pattern => ({
  symbol: "rect",
  color,
  rotation: -Math.PI / 4,
  symbolSize: 1,
  dashArrayX: [1, 0],
  dashArrayY: [4, 6],
});

const dots = (color: string): Pattern => ({
  symbol: "circle",
  color,
  rotation: 0,
  symbolSize: 0.8,
  dashArrayX: [
    [8, 8],
    [0, 8, 8, 0],
  ],
  dashArrayY: [6, 2],
});

function theme(
  name: ThemeName,
  palette: Palette,
  { background, over, ...rest }: Omit<ChartTheme, "name" | "palette" | "series" | "outcome"> & { over: string },
): ChartTheme {
  return {
    name,
    background,
    ...rest,
    palette,
    series: [
      { color: palette.blue, dash: "solid", symbol: "circle" },
      { color: palette.orange, dash: "dashed", symbol: "triangle" },
      { color: palette.purple, dash: "dotted", symbol: "rect" },
      { color: palette.green, dash: "solid", symbol: "diamond" },
    ],
    outcome: {
      ok: { color: palette.green, pattern: null },
      lost: { color: palette.red, pattern: stripes(over) },
      fail: { color: palette.grey, pattern: null },
      unknown: { color: palette.purple, pattern: dots(over) },
    },
  };
}

export const themes: Readonly<Record<ThemeName, ChartTheme>> = {
  light: theme(
    "light",
    {
      blue: "#0072B2",
      sky: "#2E8FCB",
      green: "#008F68",
      yellow: "#8F7F00",
      orange: "#B97400",
      red: "#CC4C00",
      purple: "#B55A8A",
      grey: "#858A90",
    },
    {
      background: "#FFFFFF",
      over: "rgba(255,255,255,0.55)",
      text: "#1A1A1A",
      muted: "#4F5358",
      axis: "#5C6066",
      grid: "#DFE2E6",
      phase: { baseline: "#F3F4F6", fault: "#FBE3D6", recovery: "#E0F0E9" },
    },
  ),
  dark: theme(
    "dark",
    {
      blue: "#56B4E9",
      sky: "#8FD0F5",
      green: "#1FBF93",
      yellow: "#F0E442",
      orange: "#E69F00",
      red: "#F2712B",
      purple: "#E08FBF",
      grey: "#8E949B",
    },
    {
      background: "#1A1D21",
      over: "rgba(0,0,0,0.5)",
      text: "#F2F3F5",
      muted: "#B9BEC5",
      axis: "#A3A9B0",
      grid: "#3A3E45",
      phase: { baseline: "#23272C", fault: "#43291B", recovery: "#17352C" },
    },
  ),
};

/** The look of the series at this place; after the last look the first follows again. */
export function seriesLook(chart: ChartTheme, at: number): SeriesLook {
  const look = chart.series[at % chart.series.length];
  if (look === undefined) throw new Error("a theme without series");
  return look;
}
