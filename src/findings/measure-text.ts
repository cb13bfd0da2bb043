import type { Measure } from "./report.ts";

/** A measure's value with its unit; `not observed` is never 0. */
export function measureText(measure: Pick<Measure, "value" | "unit">): string {
  if (measure.value === null) return "not observed";
  switch (measure.unit) {
    case "ms":
      return measure.value >= 1000 ? `${(measure.value / 1000).toFixed(2)} s` : `${Math.round(measure.value)} ms`;
    case "percent":
      return `${measure.value.toFixed(1)} %`;
    case "per-second":
      return `${measure.value.toFixed(1)}/s`;
    case "bytes":
    case "count":
    case "reads":
    case "writes":
      return `${measure.value.toLocaleString("en-US")} ${measure.unit === "count" ? "" : measure.unit}`.trim();
  }
}
