import { Queue, Worker } from "bullmq";
import { connection } from "./connection.ts";
import { depthOf, type QueueDepth } from "./depth.ts";

const queueName = "aftershock-runs";
/** As many workers may die one after the other with a call in hand, before one must be called stalled. */
const mostCalls = 8;

/**
 * A job is only a wake-up call: whoever takes it asks PostgreSQL whether the run may be started. So a job that is
 * lost, doubled or stalled does no harm, and there are no retries.
 */
export interface RunQueue {
  wake(runId: string): Promise<void>;
  /** Calls that wait to be taken, and those in a worker's hands. Rejects when Redis does not answer. */
  depth(): Promise<QueueDepth>;
  /** Rejects when Redis does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the queue for adding, once Redis answers. `onError` gets later connection errors, which BullMQ retries. */
export async function openRunQueue(redisUrl: string, onError: (error: Error) => void): Promise<RunQueue> {
  const queue = new Queue(queueName, { connection: connection(redisUrl, "fail-fast") });
  queue.on("error", onError);
  await queue.waitUntilReady();
  return {
    wake: async (runId) => {
      for (let call = 0; call < mostCalls; call += 1) {
        const jobId = call === 0 ? runId : `${runId}-${call}`;
        // A call that waits to be taken is enough. One that was taken while the run still waits may have died with its
        // worker: its id is blocked until BullMQ calls it stalled, a minute or more later, so another one is made.
        const state = await queue.getJobState(jobId);
        if (state === "active") continue;
        if (state !== "unknown") return;
        await queue.add("conduct", { runId }, { jobId, attempts: 1, removeOnComplete: true, removeOnFail: true });
        return;
      }
    },
    depth: () => depthOf(queue),
    ping: async () => void (await queue.getWaitingCount()),
    close: () => queue.close(),
  };
}

export interface RunWorker {
  /** Takes no more jobs and waits for those under way. */
  close(): Promise<void>;
}

/** Takes wake-up calls; `handle` rejecting means a bug, which is the log's business. */
export function startRunWorker(options: {
  redisUrl: string;
  concurrency: number;
  handle: (runId: string) => Promise<void>;
  onError: (error: Error) => void;
}): RunWorker {
  const worker = new Worker<{ runId: string }>(queueName, (job) => options.handle(job.data.runId), {
    connection: connection(options.redisUrl, "wait"),
    concurrency: options.concurrency,
    // A stalled job is not run again: the lease and the reconciler decide, not the queue.
    maxStalledCount: 0,
    lockDuration: 60_000,
  });
  worker.on("error", options.onError);
  worker.on("failed", (_job, error) => options.onError(error));
  return { close: () => worker.close() };
}
