import { describe, expect, it } from "vitest";
import { canvas, fontSize, seriesLook, themes, thumbnailWidth } from "../../../src/findings/chart/theme.ts";

/** Relative luminance of `#RRGGBB` (WCAG 2.2). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe.each([themes.light, themes.dark])("the $name theme", (theme) => {
  it.each(Object.entries(theme.palette))("shows %s at 3:1 on its ground", (_name, colour) => {
    expect(contrast(colour, theme.background)).toBeGreaterThanOrEqual(3);
  });

  it("has words at 7:1 on the ground, and at 4.5:1 on every phase", () => {
    expect(contrast(theme.text, theme.background)).toBeGreaterThanOrEqual(7);
    for (const ground of [theme.background, ...Object.values(theme.phase)]) {
      expect(contrast(theme.text, ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(theme.muted, ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("tells series and outcomes apart without colour", () => {
    const looks = theme.series.map(({ dash, symbol }) => `${dash} ${symbol}`);
    expect(new Set(looks).size).toBe(looks.length);
    const { lost, unknown } = theme.outcome;
    expect(lost.pattern?.symbol).not.toBe(unknown.pattern?.symbol);
    expect(seriesLook(theme, theme.series.length)).toEqual(theme.series[0]);
  });
});

it("has letters of at least 9 px in Slack's thumbnail", () => {
  for (const size of Object.values(fontSize)) {
    expect((size * thumbnailWidth) / canvas.width).toBeGreaterThanOrEqual(9);
  }
});
