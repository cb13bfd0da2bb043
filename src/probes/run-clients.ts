import { monitorEventLoopDelay } from "node:perf_hooks";
import type { TimelineEvent } from "./history.ts";
import type { Recorder } from "./recorder.ts";
import type { Schedule } from "./schedule.ts";
import type { RunningProbes } from "./system.ts";
import type { Tally } from "./tally.ts";

/** One client of a run's probes, ready to begin. */
export interface ProbeClient {
  tally: Pick<Tally, "status">;
  /** The pod that it talks to now; null while it has no connection. */
  member(): string | null;
  /** Begins to send, on its schedule. */
  begin(): Schedule;
  /** Absent where a client keeps no connection. */
  close?(): void | Promise<void>;
}

/** What is seen of a system goes into the history, and to whoever listens while the run goes on. */
export interface Telling {
  tell(event: Omit<TimelineEvent, "type">): void;
  onEvent: RunningProbes["onEvent"];
}

export function createTelling(recorder: Pick<Recorder, "event">): Telling {
  const listeners: Array<(event: TimelineEvent) => void> = [];
  return {
    tell: (event) => {
      recorder.event(event);
      for (const listener of listeners) listener({ type: "event", ...event });
    },
    onEvent: (listener) => listeners.push(listener),
  };
}

/**
 * Has all clients begin, and pods looked up again every `refreshEveryMs`: one that was killed comes back elsewhere, and a
 * look that failed is made again. When they are stopped, schedules report first, then connections and `watches` end.
 */
export function runClients(options: {
  recorder: Recorder;
  onEvent: RunningProbes["onEvent"];
  clients: readonly ProbeClient[];
  refresh: () => Promise<void>;
  refreshEveryMs: number;
  watches: ReadonlyArray<{ stop(): void | Promise<void> }>;
}): RunningProbes {
  const { recorder, clients, watches } = options;
  const schedules = clients.map((client) => client.begin());
  const refreshing = setInterval(() => void options.refresh().catch(() => undefined), options.refreshEveryMs);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(refreshing);
    for (const report of await Promise.all(schedules.map((schedule) => schedule.stop()))) recorder.schedule(report);
    await Promise.all([...clients.map((client) => client.close?.()), ...watches.map((watch) => watch.stop())]);
  };
  return {
    status: () => ({
      atMs: recorder.now(),
      clients: clients.map(({ tally, member }) => tally.status(recorder.now(), member())),
    }),
    onEvent: options.onEvent,
    stop: () => (stopping ??= stop()),
  };
}

/** Measures how late this process' event loop is, until it is stopped and says so in the history. */
export function watchLoopDelay(recorder: Pick<Recorder, "loopDelay">): { stop(): void } {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  return {
    stop: () => {
      loop.disable();
      recorder.loopDelay({ type: "loop-delay", p99Ms: loop.percentile(99) / 1e6, maxMs: loop.max / 1e6 });
    },
  };
}
