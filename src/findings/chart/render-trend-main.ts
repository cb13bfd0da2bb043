import { LineChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
} from "echarts/components";
import { use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { answerJob } from "./answer-job.ts";
import { drawSvg, toPng } from "./draw-svg.ts";
import type { TrendJob } from "./trend-job.ts";
import { trendOption, trendSize } from "./trend-option.ts";

// The process that draws a history: the job in, a PNG out.
answerJob((job) => {
  const { history, theme } = job as TrendJob;
  use([LineChart, GraphicComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
  return toPng(drawSvg(trendOption(history, theme), trendSize(history)));
});
