import type { FillLook } from "./theme.ts";

/** A rectangle in the axes' own units. */
export type Box = [fromX: number, toX: number, fromY: number, toY: number];

/** What ECharts gives to a function that draws one item of a custom series. */
interface DrawApi {
  value(at: number): number;
  coord(point: [number, number]): [number, number];
  visual(name: "decal"): unknown;
}

/** Thinner than this is not seen. */
const leastPx = 2;

/** Rectangles of one look in one grid, with the look's pattern. */
export function boxSeries(grid: number, look: FillLook, boxes: readonly Box[]): object {
  return {
    type: "custom",
    silent: true,
    xAxisIndex: grid,
    yAxisIndex: grid,
    z: 5,
    clip: true,
    itemStyle: { color: look.color, ...(look.pattern === null ? {} : { decal: look.pattern }) },
    encode: { x: [0, 1], y: [2, 3] },
    data: boxes,
    renderItem: (_params: unknown, api: DrawApi) => {
      const [fromX, fromY] = api.coord([api.value(0), api.value(2)]);
      const [toX, toY] = api.coord([api.value(1), api.value(3)]);
      const decal = look.pattern === null ? {} : { decal: api.visual("decal") };
      return {
        type: "rect",
        shape: { x: fromX, y: toY, width: Math.max(leastPx, toX - fromX), height: Math.max(0, fromY - toY) },
        style: { fill: look.color, ...decal },
      };
    },
  };
}
