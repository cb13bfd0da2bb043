import { claims } from "./expectations/claims.ts";
import type { Measure, Outage } from "./report.ts";

/**
 * How long the system took no writes, in milliseconds, as one figure for lists: the measure by which its vendor's claim is
 * judged, or else the longest outage of a write client. Null: not observed, or it had not recovered.
 */
export function recoveryMs(run: {
  system: string;
  experiment: string;
  measures: readonly Measure[];
  outages: readonly Outage[];
}): number | null {
  const claimed = claims
    .filter(({ system }) => system === run.system)
    .flatMap(({ measures }) => measures.filter(({ experiment }) => experiment === run.experiment))[0];
  const measured = run.measures.find(({ id, unit }) => id === claimed?.measure && unit === "ms");
  if (measured !== undefined) return measured.value;
  const lengths = run.outages.filter(({ kind }) => kind === "write").map(({ lengthMs }) => lengthMs);
  const known = lengths.flatMap((lengthMs) => lengthMs ?? []);
  return known.length === 0 || known.length < lengths.length ? null : Math.max(...known);
}
