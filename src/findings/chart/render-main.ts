import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GraphicComponent, GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import { missingGlyphs, textOfSvg } from "./glyphs.ts";
import type { DrawnChart, Picture } from "./picture.ts";
import { runPictures } from "./run-pictures.ts";
import { fontFamily, themes, type ChartTheme } from "./theme.ts";

/** Twice the size, so that it stays sharp on dense screens. */
const scale = 2;

/** A drawn chart as JSON carries it. */
export type DrawnLine = Omit<DrawnChart, "png"> & { pngBase64: string };

/** Reads `{ history, report }` as JSON from standard input and writes the drawn charts as JSON to standard output. */
async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const { history, report } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
    history: History;
    report: Report;
  };
  use([CustomChart, LineChart, ScatterChart, GridComponent, GraphicComponent, SVGRenderer]);
  const files = fontFiles();
  const drawn = runPictures(history, report).map((picture): DrawnLine => {
    const { option: _option, ...rest } = picture;
    const lightSvg = drawSvg(picture, themes.light);
    requireGlyphs(lightSvg, files);
    return {
      ...rest,
      lightSvg,
      darkSvg: drawSvg(picture, themes.dark),
      pngBase64: toPng(lightSvg, files).toString("base64"),
    };
  });
  process.stdout.write(JSON.stringify(drawn));
}

function drawSvg(picture: Picture, theme: ChartTheme): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: picture.widthPx, height: picture.heightPx });
  chart.setOption(picture.option(theme));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function toPng(svg: string, files: string[]): Buffer {
  return new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    // The fonts come with the project: where none is installed, text would vanish without an error.
    font: { fontFiles: files, loadSystemFonts: false, defaultFontFamily: fontFamily },
  })
    .render()
    .asPng();
}

function requireGlyphs(svg: string, files: readonly string[]): void {
  const words = textOfSvg(svg);
  for (const file of files) {
    const missing = missingGlyphs(words, readFileSync(file));
    if (missing.length > 0) throw new Error(`the font has no sign for ${missing.join(" ")}`);
  }
}

function fontFiles(): string[] {
  return ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => {
    const file = fileURLToPath(new URL(`./fonts/${name}`, import.meta.url));
    if (!existsSync(file)) throw new Error(`the font ${name} is missing`);
    return file;
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
