import type { QueueDepth } from "../queue/depth.ts";
import type { queued, Sample } from "./definitions.ts";

/** Series of the queues' depths. */
export function queueSamples(
  queues: Readonly<Record<"runs" | "schedules", QueueDepth>>,
): Array<Sample<keyof typeof queued>> {
  return Object.entries(queues).flatMap(([queue, depth]) =>
    Object.entries(depth).map(([state, value]) => ({ metric: "jobs" as const, labels: { queue, state }, value })),
  );
}
