import { fontFamily, fontSize, type ChartTheme, type FillLook } from "./theme.ts";
import { fit, textWidth, wrap, type Weight } from "./text-width.ts";

/** Space left free at every side of the canvas, in pixels. */
export const margin = 20;
/** From one line of small text to the next. */
export const lineHeight = 34;

/** One line of text on the canvas; `x` is its left, middle or right by `align`, `y` its middle. */
export interface TextElement {
  type: "text";
  silent: true;
  z: number;
  x: number;
  y: number;
  style: {
    text: string;
    fill: string;
    fontSize: number;
    fontWeight: Weight;
    fontFamily: string;
    align: Align;
    verticalAlign: "middle";
  };
}

type Align = "left" | "center" | "right";

/** A text, a rectangle, a line or a circle, as ECharts' `graphic` takes it. */
export type Element =
  | TextElement
  | { type: "rect" | "polyline" | "circle"; silent: true; z: number; shape: object; style: object };

export function text(
  words: string,
  at: { x: number; y: number; align?: Align },
  look: { color: string; size?: number; weight?: Weight },
): TextElement {
  return {
    type: "text",
    silent: true,
    z: 20,
    x: at.x,
    y: at.y,
    style: {
      text: words,
      fill: look.color,
      fontSize: look.size ?? fontSize.small,
      fontWeight: look.weight ?? "normal",
      fontFamily,
      align: at.align ?? "left",
      verticalAlign: "middle",
    },
  };
}

export function rect(
  shape: { x: number; y: number; width: number; height: number },
  style: { fill?: string; stroke?: string; lineWidth?: number; lineDash?: number[] },
  z = 0,
): Element {
  return { type: "rect", silent: true, z, shape, style: { fill: "none", ...style } };
}

export function line(
  points: ReadonlyArray<[number, number]>,
  style: { stroke: string; lineWidth?: number; lineDash?: number[] },
): Element {
  return { type: "polyline", silent: true, z: 8, shape: { points }, style: { fill: "none", lineWidth: 2, ...style } };
}

/** The result in large letters, at most two lines, and what it is of, below. Returns where it ends. */
export function header(
  theme: ChartTheme,
  title: string,
  sub: string,
  widthPx: number,
): { elements: Element[]; bottom: number } {
  const room = widthPx - 2 * margin;
  const lines = wrap(title, room, fontSize.title, { lines: 2, weight: "bold" });
  const height = fontSize.title + 8;
  const bottom = 12 + lines.length * height;
  return {
    elements: [
      ...lines.map((words, at) =>
        text(
          words,
          { x: margin, y: 12 + (at + 0.5) * height },
          { color: theme.text, size: fontSize.title, weight: "bold" },
        ),
      ),
      text(fit(sub, room, fontSize.small), { x: margin, y: bottom + lineHeight / 2 }, { color: theme.muted }),
    ],
    bottom: bottom + lineHeight + 6,
  };
}

/** Where the time axis lies on the canvas. */
export interface TimeAxis {
  left: number;
  right: number;
  endS: number;
}

/** The pixel of a moment, never outside the axis. */
export function xOf({ left, right, endS }: TimeAxis, atS: number): number {
  return left + (right - left) * Math.min(1, Math.max(0, atS / endS));
}

/** What a part of a legend stands for. */
export interface LegendEntry {
  words: string;
  draw(box: { x: number; y: number; width: number; height: number }): Element[];
}

const swatch = { width: 34, height: 20 };
const gap = 22;

/** A legend of our own, in as many rows as it needs: ECharts' does not say how wide it is. Returns where it ends. */
export function legend(
  theme: ChartTheme,
  at: { y: number; widthPx: number; heading?: string },
  entries: readonly LegendEntry[],
): { elements: Element[]; bottom: number } {
  const elements: Element[] = [];
  let x = margin;
  let y = at.y + lineHeight / 2;
  if (at.heading !== undefined) {
    elements.push(text(at.heading, { x, y }, { color: theme.text, weight: "bold" }));
    x += textWidth(at.heading, fontSize.small, "bold") + gap;
  }
  for (const entry of entries) {
    const room = at.widthPx - 2 * margin - swatch.width - 8;
    const words = fit(entry.words, room, fontSize.small);
    const width = swatch.width + 8 + textWidth(words, fontSize.small);
    if (x > margin && x + width > at.widthPx - margin) {
      x = margin;
      y += lineHeight;
    }
    elements.push(
      ...entry.draw({ x, y: y - swatch.height / 2, ...swatch }),
      text(words, { x: x + swatch.width + 8, y }, { color: theme.text }),
    );
    x += width + gap;
  }
  return { elements, bottom: y + lineHeight / 2 };
}

/** Stripes or dots for a legend, as the fill's pattern has them: ECharts draws patterns in series only. */
export function swatchOf(look: FillLook): LegendEntry["draw"] {
  return (box) => {
    const ground = rect(box, { fill: look.color }, 19);
    const { pattern } = look;
    if (pattern === null) return [ground];
    const marks: Element[] = [];
    for (let x = box.x + 5; x + 8 <= box.x + box.width; x += 10) {
      marks.push(
        pattern.symbol === "rect"
          ? {
              ...line(
                [
                  [x, box.y + box.height],
                  [x + 8, box.y],
                ],
                { stroke: pattern.color, lineWidth: 3 },
              ),
              z: 20,
            }
          : {
              type: "circle",
              silent: true,
              z: 20,
              shape: { cx: x + 2, cy: box.y + box.height / 2, r: 3 },
              style: { fill: pattern.color },
            },
      );
    }
    return [ground, ...marks];
  };
}
