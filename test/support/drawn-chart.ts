import type { DrawnChart } from "../../src/findings/chart/picture.ts";

/** A chart as the renderer gives it, drawn by nobody. */
export function drawnChart(change: Partial<DrawnChart> = {}): DrawnChart {
  return {
    id: "timeline",
    title: "Every write over time",
    alt: "Nothing was lost.",
    shownIn: "thread and report",
    widthPx: 960,
    heightPx: 640,
    lightSvg: '<svg xmlns="http://www.w3.org/2000/svg" width="960" height="640"></svg>',
    darkSvg: '<svg xmlns="http://www.w3.org/2000/svg" width="960" height="640"></svg>',
    png: Buffer.from("png"),
    ...change,
  };
}
