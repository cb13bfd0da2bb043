import type { Facts } from "./facts.ts";

/**
 * How long healing took, in milliseconds on performance.now(), from when it was due. After a run has lost its worker that
 * is the end of the trouble; otherwise the worker has gone on, and healing is due when the run begins to heal. Null: the
 * trouble met no fault, or nothing was seen broken.
 */
export function healingTimeMs(
  times: { hurtAtMs: number | null; mendedAtMs: number | null; healedAtMs: number | null },
  runs: readonly Pick<Facts, "events">[],
): number | null {
  const { hurtAtMs, healedAtMs } = times;
  if (hurtAtMs === null || healedAtMs === null || healedAtMs < hurtAtMs) return null;
  const mendedAtMs = times.mendedAtMs ?? hurtAtMs;
  const events = runs.flatMap((run) => run.events);
  const lostItsWorker = events.some((event) => event.type === "claimed" && event.takenOver);
  const began = events.find((event) => event.type === "state" && event.to === "healing");
  const beganAtMs = began === undefined ? mendedAtMs : Date.parse(began.at) - performance.timeOrigin;
  const dueAtMs = lostItsWorker ? mendedAtMs : Math.max(mendedAtMs, beganAtMs);
  return Math.max(0, Math.round(healedAtMs - dueAtMs));
}
