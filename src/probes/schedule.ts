import { createHistogram } from "node:perf_hooks";
import type { ScheduleReport } from "./history.ts";
import type { Clock } from "./recorder.ts";

export interface ScheduleOptions {
  client: string;
  ratePerSecond: number;
  now: Clock;
  /** More than this many unanswered operations, and a due one is not sent: it is booked by `skip`. */
  maxInFlight: number;
  /** Sends operation `index` (from 0), due at `plannedMs`. Never rejects. */
  send(index: number, plannedMs: number): Promise<void>;
  /** Books an operation that was due and could not be started. */
  skip(index: number, plannedMs: number): void;
}

export interface Schedule {
  /** Sends nothing more, waits for what is in flight, and reports how well the plan was kept. */
  stop(): Promise<ScheduleReport>;
}

/** Timers of Node are whole milliseconds; between two of them several operations may be due. */
const shortestTimerMs = 1;

/**
 * An open loop: operation i is due at start + i / rate, whatever became of the ones before. What is late is sent at
 * once and its latency counted from the planned time, so that a stall of the server is not hidden by a client that
 * waits for it (coordinated omission). Every operation that was due is either sent or booked as not sent.
 */
export function startSchedule(options: ScheduleOptions): Schedule {
  const { now } = options;
  const intervalMs = 1000 / options.ratePerSecond;
  const startMs = now();
  const lateUs = createHistogram();
  const inFlight = new Set<Promise<void>>();
  let index = 0;
  let notSent = 0;
  let stopped = false;
  let timer: NodeJS.Timeout;

  const tick = (): void => {
    if (stopped) return;
    for (let plannedMs = startMs + index * intervalMs; plannedMs <= now(); plannedMs = startMs + index * intervalMs) {
      sendOrSkip(index, plannedMs);
      index += 1;
    }
    timer = setTimeout(tick, Math.max(shortestTimerMs, startMs + index * intervalMs - now()));
  };
  const sendOrSkip = (at: number, plannedMs: number): void => {
    if (inFlight.size >= options.maxInFlight) {
      notSent += 1;
      return options.skip(at, plannedMs);
    }
    lateUs.record(Math.max(1, Math.round((now() - plannedMs) * 1000)));
    const sent = options.send(at, plannedMs);
    inFlight.add(sent);
    void sent.finally(() => inFlight.delete(sent));
  };
  timer = setTimeout(tick, shortestTimerMs);
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await Promise.allSettled(inFlight);
      return {
        type: "schedule",
        client: options.client,
        planned: index,
        sent: index - notSent,
        notSent,
        lateP99Ms: lateUs.count === 0 ? 0 : lateUs.percentile(99) / 1000,
        lateMaxMs: lateUs.count === 0 ? 0 : lateUs.max / 1000,
      };
    },
  };
}
