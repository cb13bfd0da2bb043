import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import { drawApart } from "./draw-apart.ts";
import type { DrawnChart } from "./picture.ts";
import type { DrawnLine } from "./render-main.ts";

/** Draws the charts of a run. Empty where the history has nothing to draw; rejects when they were not drawn. */
export async function renderCharts(history: History, report: Report): Promise<DrawnChart[]> {
  const answer = await drawApart("render-main", { history, report });
  const drawn = JSON.parse(answer.toString("utf8")) as DrawnLine[];
  return drawn.map(({ pngBase64, ...rest }) => ({ ...rest, png: Buffer.from(pngBase64, "base64") }));
}
