import { table } from "./markdown-table.ts";
import type { Report } from "./report.ts";

const tooFew = "too few";

/** Latency per client and phase, and how many times slower than the baseline it was; empty when nothing was measured. */
export function latencyMarkdown({ latency, slowDowns }: Pick<Report, "latency" | "slowDowns">): string {
  const rows = latency.filter(({ count, notOk }) => count + notOk > 0);
  if (rows.length === 0) return "";
  const parts = [
    "Acknowledged operations only, from the time each was due. Those that were not acknowledged are counted, and have no latency.",
    table(
      ["Client", "Phase", "Acknowledged", "p50 (ms)", "p95", "p99", "p99.9", "max", "Not acknowledged"],
      rows.map((row) => [
        row.client,
        row.phase,
        String(row.count),
        ...[row.p50Ms, row.p95Ms, row.p99Ms, row.p999Ms, row.maxMs].map((value) => inMilliseconds(value, row.count)),
        String(row.notOk),
      ]),
    ),
    ...(slowDowns.length === 0
      ? []
      : [
          "Times slower than in the baseline:",
          table(
            ["Client", "", "p50", "p95", "p99", "max", "Acknowledged (baseline)", "Not acknowledged"],
            slowDowns.map((row) => [
              row.client,
              row.stretch === "fault" ? "during the fault" : "after it",
              ...[row.p50, row.p95, row.p99, row.max].map((value) =>
                times(value, Math.min(row.count, row.baselineCount)),
              ),
              `${row.count} (${row.baselineCount})`,
              String(row.notOk),
            ]),
          ),
        ]),
  ];
  return parts.join("\n\n");
}

function inMilliseconds(value: number | null, count: number): string {
  if (value === null) return count === 0 ? "none" : tooFew;
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : String(Math.round(value));
}

/** A factor as people say it: `1.0×`, `160×`. */
export function times(factor: number | null, count: number): string {
  if (factor === null) return count === 0 ? "none" : tooFew;
  return `${factor < 10 ? factor.toFixed(1) : Math.round(factor).toLocaleString("en-US")}×`;
}
