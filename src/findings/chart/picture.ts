import type { EChartsCoreOption } from "echarts/core";
import type { ChartTheme } from "./theme.ts";

/** One chart of a run, not yet drawn: pure, the same for every theme but in its colours. */
export interface Picture {
  /** Also its files' names: `chart.png` for the first, `chart-members.png`, … */
  id: "timeline" | "members" | "phases";
  /** A heading in a report. */
  title: string;
  /** What it shows, for people who cannot see it. At most 2,000 characters, Slack's limit. */
  alt: string;
  /** The thread gets at most two, so that its thumbnails stay large; the report has all. */
  shownIn: "thread and report" | "report";
  widthPx: number;
  heightPx: number;
  option(theme: ChartTheme): EChartsCoreOption;
}

/** A picture as files: SVG in both themes, PNG at twice its size, light, for Slack. */
export interface DrawnChart extends Omit<Picture, "option"> {
  lightSvg: string;
  darkSvg: string;
  png: Buffer;
}

/** The name of a picture's file. */
export function chartFile(id: Picture["id"], ending: ".png" | "-dark.svg"): string {
  return `${id === "timeline" ? "chart" : `chart-${id}`}${ending}`;
}

/** Slack takes no longer words for a picture. */
export const longestAlt = 2000;
