import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { LineChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { missingGlyphs, textOfSvg } from "./glyphs.ts";
import { fontFamily } from "./theme.ts";
import type { TrendJob } from "./trend-job.ts";
import { trendOption, trendSize } from "./trend-option.ts";

/** Twice the size, so that it stays sharp on dense screens. */
const scale = 2;

/** Reads a `TrendJob` as JSON from standard input and writes a PNG to standard output. */
async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const { history, theme } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as TrendJob;
  use([LineChart, GraphicComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: "svg", ssr: true, ...trendSize(history) });
  chart.setOption(trendOption(history, theme));
  const svg = chart.renderToSVGString();
  chart.dispose();
  const files = fontFiles();
  for (const file of files) {
    const missing = missingGlyphs(textOfSvg(svg), readFileSync(file));
    if (missing.length > 0) throw new Error(`the font has no sign for ${missing.join(" ")}`);
  }
  const png = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    // The fonts come with the project: where none is installed, text would vanish without an error.
    font: { fontFiles: files, loadSystemFonts: false, defaultFontFamily: fontFamily },
  })
    .render()
    .asPng();
  process.stdout.write(png);
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
