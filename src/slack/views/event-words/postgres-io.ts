import type { EventWords } from "./event-words.ts";

/** What is measured and checked of PostgreSQL around a disk fault. */
export const postgresIoWords: EventWords = {
  server: ({ up, recovering, startedAt, error }) =>
    up === true
      ? `is up as a ${recovering === true ? "replica" : "primary"}, started ${String(startedAt)}`
      : `is down: ${String(error)}`,
  measured: ({ query, stage, medianMs, answered, failed }) => {
    const median = typeof medianMs === "number" ? `${medianMs.toFixed(1)} ms` : "no answer";
    const missed = failed === 0 ? "" : `, ${String(failed)} failed`;
    return `${String(query)} ${String(stage)} the fault: ${median} (median of ${String(answered)}${missed})`;
  },
  amcheck: ({ exitCode, problem }) =>
    exitCode === 0 ? "found nothing" : `ended with ${String(exitCode)}: ${String(problem)}`,
  checksums: ({ now, before }) => `${String(now)} failures, ${String(before)} before the fault`,
  content: ({ rows, hash, error }) => (typeof rows === "number" ? `${rows} rows, hash ${String(hash)}` : String(error)),
  "not-measured": ({ problem }) => String(problem),
};
