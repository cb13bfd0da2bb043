import { drawApart } from "./draw-apart.ts";
import type { TrendJob } from "./trend-job.ts";

/** Draws the chart of a history as PNG. Rejects when it was not drawn. */
export function renderTrend(job: TrendJob): Promise<Buffer> {
  return drawApart("render-trend-main", job);
}
