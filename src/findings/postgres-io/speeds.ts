import type { History } from "../../probes/history.ts";
import { medianOf, samplesOf, type StageName } from "../../probes/postgres-io/samples.ts";
import { numberOrNull } from "../observed.ts";

/** The measured queries, in the order of the exercise, in words. */
export const queryTitles: ReadonlyArray<[id: string, title: string]> = [
  ["cached-read", "count of 4,801 rows by index"],
  ["last-rows", "last 10 rows"],
  ["write", "insert of 1 KiB"],
  ["cold-read", "read of 8 pages that are not in shared buffers"],
  ["connection", "new connection"],
];

/** One query before, during and after the fault. */
export interface Speed {
  query: string;
  title: string;
  /** Median of the answered samples; null without any. */
  beforeMs: number | null;
  duringMs: number | null;
  afterMs: number | null;
  /** Samples that were asked for: answered, and not. */
  answered: Record<StageName, number>;
  failed: Record<StageName, number>;
  /** During against before. */
  factor: number | null;
  /** Buffers that the query had to read rather than found in shared buffers; null: not seen. */
  readDuring: number | null;
  hitDuring: number | null;
}

/** Of samples that began and ended under the fault; what was asked before it is not in `during` by its stage. */
export function readSpeeds({ events }: History): Speed[] {
  return queryTitles.map(([query, title]) => {
    const times = (stage: StageName): number[] => samplesOf(events, stage, query);
    const asked = (stage: StageName): number =>
      events.filter(({ event, detail }) => event === "sample" && detail["stage"] === stage && detail["query"] === query)
        .length;
    const buffers = events.find(
      ({ event, detail }) => event === "buffers" && detail["stage"] === "during" && detail["query"] === query,
    )?.detail;
    const counts = (of: (stage: StageName) => number): Record<StageName, number> => ({
      before: of("before"),
      during: of("during"),
      after: of("after"),
    });
    const beforeMs = medianOf(times("before"));
    const duringMs = medianOf(times("during"));
    return {
      query,
      title,
      beforeMs,
      duringMs,
      afterMs: medianOf(times("after")),
      answered: counts((stage) => times(stage).length),
      failed: counts((stage) => asked(stage) - times(stage).length),
      factor: beforeMs === null || duringMs === null || beforeMs === 0 ? null : duringMs / beforeMs,
      readDuring: numberOrNull(buffers?.["read"]),
      hitDuring: numberOrNull(buffers?.["hit"]),
    };
  });
}

/** `1.3 ms`, `203 ms`, `6.25 s`. */
export function shortTime(ms: number | null): string {
  if (ms === null) return "not observed";
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** `160x`, `1.2x`. */
export function times(factor: number): string {
  return `${factor >= 10 ? Math.round(factor) : factor.toFixed(1)}x`;
}
