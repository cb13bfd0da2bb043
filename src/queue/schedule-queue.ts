import { Queue, Worker } from "bullmq";
import { connection } from "./connection.ts";
import { depthOf, type QueueDepth } from "./depth.ts";
import type { RunWorker } from "./run-queue.ts";

export const scheduleQueueName = "aftershock-schedules";

/**
 * BullMQ's job schedulers, one per active schedule, named by its id. As with runs a job is only a wake-up call: whoever
 * takes it asks PostgreSQL whether anything is due.
 */
export interface ScheduleQueue {
  /** Pattern and zone must have been checked: BullMQ's own message for a bad zone says nothing. */
  set(id: string, timing: { pattern: string; timeZone: string }): Promise<void>;
  remove(id: string): Promise<void>;
  /** All of them, with the next time that BullMQ will call, in ms since 1970. */
  list(): Promise<Array<{ id: string; pattern: string; timeZone: string; nextAtMs: number | null }>>;
  /** As of the queue of runs; a schedule's next time is delayed. */
  depth(): Promise<QueueDepth>;
  close(): Promise<void>;
}

export async function openScheduleQueue(redisUrl: string, onError: (error: Error) => void): Promise<ScheduleQueue> {
  const queue = new Queue(scheduleQueueName, { connection: connection(redisUrl, "fail-fast") });
  queue.on("error", onError);
  await queue.waitUntilReady();
  return {
    set: async (id, { pattern, timeZone }) => {
      await queue.upsertJobScheduler(
        id,
        { pattern, tz: timeZone },
        { name: "due", data: { id }, opts: { attempts: 1, removeOnComplete: true, removeOnFail: true } },
      );
    },
    remove: async (id) => void (await queue.removeJobScheduler(id)),
    list: async () =>
      (await queue.getJobSchedulers(0, -1)).map(({ key, pattern, tz, next }) => ({
        id: key,
        pattern: pattern ?? "",
        timeZone: tz ?? "",
        nextAtMs: next ?? null,
      })),
    depth: () => depthOf(queue),
    close: () => queue.close(),
  };
}

/** Takes wake-up calls for schedules; `handle` rejecting means a bug, which is the log's business. */
export function startScheduleWorker(options: {
  redisUrl: string;
  handle: (id: string) => Promise<void>;
  onError: (error: Error) => void;
}): RunWorker {
  const worker = new Worker<{ id: string }>(scheduleQueueName, (job) => options.handle(job.data.id), {
    connection: connection(options.redisUrl, "wait"),
    // Planning may take 40 s, and many schedules come due at the full hour.
    concurrency: 8,
    maxStalledCount: 0,
    lockDuration: 60_000,
  });
  worker.on("error", options.onError);
  worker.on("failed", (_job, error) => options.onError(error));
  return { close: () => worker.close() };
}
