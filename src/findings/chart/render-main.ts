import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GraphicComponent, GridComponent } from "echarts/components";
import { use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import { answerJob } from "./answer-job.ts";
import { drawSvg, toPng } from "./draw-svg.ts";
import type { DrawnChart } from "./picture.ts";
import { runPictures } from "./run-pictures.ts";
import { themes } from "./theme.ts";

/** A drawn chart as JSON carries it. */
export type DrawnLine = Omit<DrawnChart, "png"> & { pngBase64: string };

// The process that draws a run: its history and report in, the drawn charts as JSON out.
answerJob((job) => {
  const { history, report } = job as { history: History; report: Report };
  use([CustomChart, LineChart, ScatterChart, GridComponent, GraphicComponent, SVGRenderer]);
  const drawn = runPictures(history, report).map((picture): DrawnLine => {
    const { option: _option, ...rest } = picture;
    const size = { width: rest.widthPx, height: rest.heightPx };
    const lightSvg = drawSvg(picture.option(themes.light), size);
    return {
      ...rest,
      lightSvg,
      darkSvg: drawSvg(picture.option(themes.dark), size),
      pngBase64: toPng(lightSvg).toString("base64"),
    };
  });
  return JSON.stringify(drawn);
});
