import { describe, expect, it } from "vitest";
import { dashboard, dashboardQueries } from "../support/dashboard.ts";
import { allMetrics, unknownMetrics } from "../support/metric-names.ts";

// What the queries answer is seen from a real Prometheus in test/e2e/observability.test.ts.
describe("the dashboard", () => {
  it("asks only for what is exported, and for all of it", () => {
    const asked = dashboardQueries().join("\n");
    expect(unknownMetrics(asked)).toEqual([]);
    expect(allMetrics.filter((name) => !asked.includes(name))).toEqual([]);
  });
  it("shows the annotations of runs, by the tag that they have", () => {
    expect(dashboard.annotations.list).toMatchObject([
      { enable: true, target: { type: "tags", tags: ["aftershock"] } },
    ]);
  });
  it("has panels that do not lie on each other", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_unused, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});
