import type { EChartsCoreOption } from "echarts/core";
import type { History } from "../../probes/history.ts";
import type { ExperimentHistory } from "../comparison/history.ts";
import type { Report } from "../report.ts";
import { chartOption, chartSize } from "./option.ts";
import type { ThemeName } from "./theme.ts";
import { trendOption, trendSize } from "./trend-option.ts";

/** What is to be drawn, as data: it goes to another process as JSON. */
export type ChartJob =
  | { kind: "run"; history: History; report: Report }
  | { kind: "trend"; history: ExperimentHistory; theme: ThemeName };

/** The option for ECharts and the size of the canvas in pixels. Pure. */
export function drawingOf(job: ChartJob): { option: EChartsCoreOption; size: { width: number; height: number } } {
  switch (job.kind) {
    case "run":
      return { option: chartOption(job.history, job.report), size: chartSize };
    case "trend":
      return { option: trendOption(job.history, job.theme), size: trendSize(job.history) };
  }
}
