import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { init, type EChartsCoreOption } from "echarts/core";
import { missingGlyphs, textOfSvg } from "./glyphs.ts";
import { fontFamily } from "./theme.ts";

/** Twice the size, so that it stays sharp on dense screens. */
const scale = 2;

/** A chart as SVG. What it is made of must be known to echarts (`use`) by then. */
export function drawSvg(option: EChartsCoreOption, size: { width: number; height: number }): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** The SVG as PNG. Throws when the fonts that come with the project have no sign for something in it. */
export function toPng(svg: string): Buffer {
  const files = fontFiles();
  const words = textOfSvg(svg);
  for (const file of files) {
    const missing = missingGlyphs(words, readFileSync(file));
    if (missing.length > 0) throw new Error(`the font has no sign for ${missing.join(" ")}`);
  }
  return new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    // The fonts come with the project: where none is installed, text would vanish without an error.
    font: { fontFiles: files, loadSystemFonts: false, defaultFontFamily: fontFamily },
  })
    .render()
    .asPng();
}

function fontFiles(): string[] {
  return ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => {
    const file = fileURLToPath(new URL(`./fonts/${name}`, import.meta.url));
    if (!existsSync(file)) throw new Error(`the font ${name} is missing`);
    return file;
  });
}
