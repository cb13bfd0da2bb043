import type { Queue } from "bullmq";

/** How many jobs are in which state. */
export type QueueDepth = Readonly<Record<"waiting" | "active" | "delayed", number>>;

/** Rejects when Redis does not answer. */
export async function depthOf(queue: Queue): Promise<QueueDepth> {
  const { waiting = 0, active = 0, delayed = 0 } = await queue.getJobCounts("waiting", "active", "delayed");
  return { waiting, active, delayed };
}
