import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fit, textWidth, wrap } from "../../../src/findings/chart/text-width.ts";

/** Advance widths of space to tilde: in both fonts those are the glyphs 3 to 97 (`cmap` of DejaVu Sans). */
function advances(name: string): number[] {
  const font = readFileSync(new URL(`../../../src/findings/chart/fonts/${name}`, import.meta.url));
  const tables = Array.from({ length: font.readUInt16BE(4) }, (_, at) => 12 + 16 * at);
  const hmtx = tables.find((at) => font.toString("latin1", at, at + 4) === "hmtx");
  const offset = font.readUInt32BE((hmtx ?? 0) + 8);
  return Array.from({ length: 95 }, (_, at) => font.readUInt16BE(offset + 4 * (3 + at)));
}

it.each([
  ["DejaVuSans.ttf", "normal"],
  ["DejaVuSans-Bold.ttf", "bold"],
] as const)("the widths are those of %s", (file, weight) => {
  expect(advances(file).map((_, at) => textWidth(String.fromCodePoint(32 + at), 2048, weight))).toEqual(advances(file));
});

it("cuts what does not fit, and breaks lines of about one length", () => {
  expect(fit("redis-0", 500, 24)).toBe("redis-0");
  expect(fit("redis-0", 50, 24)).toMatch(/^r.*…$/);
  const lines = wrap("3,112 of 6,754 acknowledged writes were lost", 900, 36, { lines: 2, weight: "bold" });
  expect(lines).toEqual(["3,112 of 6,754 acknowledged", "writes were lost"]);
  expect(wrap("one two three four five six", 60, 24, { lines: 2, weight: "normal" }).at(-1)).toMatch(/…$/);
  expect(wrap("", 60, 24, { lines: 2, weight: "normal" })).toEqual([]);
});
