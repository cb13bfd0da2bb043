import { fontSize, type ChartTheme } from "./theme.ts";
import { line, lineHeight, margin, text, xOf, type Element, type TimeAxis } from "./draw.ts";
import { fit, textWidth } from "./text-width.ts";
import type { Mark } from "./marks.ts";

const radius = 16;
/** Room for the pins and the lines that lead from them to their moments. */
export const pinsHeight = 2 * radius + 16;
const gap = 26;

/**
 * Numbered pins over a time axis, each with a line down to `bottom` at its own moment, and beside each other where the
 * moments are close: a number needs less room than its words, which stand in `pinKey`.
 */
export function pins(
  theme: ChartTheme,
  axis: TimeAxis,
  marks: readonly Mark[],
  top: number,
  bottom: number,
): Element[] {
  const places = spread(
    marks.map(({ atS }) => xOf(axis, atS)),
    { from: axis.left, to: axis.right },
  );
  return marks.flatMap((mark, at): Element[] => {
    const x = places[at] ?? axis.left;
    const own = xOf(axis, mark.atS);
    const base = top + pinsHeight;
    return [
      line(
        [
          [x, top + 2 * radius],
          [own, base],
          [own, bottom],
        ],
        { stroke: theme.axis, lineWidth: 1.6, lineDash: [5, 4] },
      ),
      {
        type: "circle",
        silent: true,
        z: 19,
        shape: { cx: x, cy: top + radius, r: radius },
        style: { fill: theme.text },
      },
      text(
        String(at + 1),
        { x, y: top + radius, align: "center" },
        { color: theme.background, weight: "bold", size: fontSize.small - 2 },
      ),
    ];
  });
}

/** What each pin stands for, in rows. Returns where they end. */
export function pinKey(
  theme: ChartTheme,
  marks: readonly Mark[],
  at: { y: number; widthPx: number },
): { elements: Element[]; bottom: number } {
  const elements: Element[] = [];
  let x = margin;
  let y = at.y + lineHeight / 2;
  marks.forEach((mark, index) => {
    const number = `${index + 1}`;
    const own = textWidth(number, fontSize.small, "bold") + 8;
    const words = fit(`${mark.text} ${mark.atS.toFixed(1)} s`, at.widthPx - 2 * margin - own, fontSize.small);
    const width = own + textWidth(words, fontSize.small);
    if (x > margin && x + width > at.widthPx - margin) {
      x = margin;
      y += lineHeight;
    }
    elements.push(
      text(number, { x, y }, { color: theme.text, weight: "bold" }),
      text(words, { x: x + own, y }, { color: theme.text }),
    );
    x += width + gap;
  });
  return { elements, bottom: marks.length === 0 ? at.y : y + lineHeight / 2 };
}

/** Places at least a pin apart, as near to where they belong as that leaves, within the bounds. Wanted ones rise. */
export function spread(wanted: readonly number[], bounds: { from: number; to: number }): number[] {
  const apart = Math.min(2 * radius + 2, (bounds.to - bounds.from) / Math.max(1, wanted.length - 1));
  const places: number[] = [];
  for (const x of wanted) places.push(Math.max(x, (places.at(-1) ?? Number.NEGATIVE_INFINITY) + apart, bounds.from));
  for (let at = places.length - 1, most = bounds.to; at >= 0; at -= 1, most -= apart) {
    places[at] = Math.min(places[at] ?? most, most);
  }
  return places;
}
