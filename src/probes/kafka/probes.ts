import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ClientInfo, TimelineEvent } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { RunningProbes } from "../system.ts";
import type { KafkaPods } from "./brokers.ts";
import { kafkaClient } from "./clients.ts";
import type { PartitionView } from "./views.ts";
import { watchBrokers } from "./watch.ts";

const refreshEveryMs = 1000;

/** Starts producers, consumers and the watch over a topic that is there and whole. */
export function startKafkaProbes(options: {
  pods: KafkaPods;
  topic: string;
  infos: readonly ClientInfo[];
  recorder: Recorder;
  partitions: readonly PartitionView[];
}): RunningProbes {
  const { pods, topic, recorder } = options;
  const listeners: Array<(event: TimelineEvent) => void> = [];
  const tell = (event: Omit<TimelineEvent, "type">): void => {
    recorder.event(event);
    for (const listener of listeners) listener({ type: "event", ...event });
  };
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const watch = watchBrokers(pods, topic, options.partitions, recorder.now, tell);
  const clients = options.infos.map((info) => kafkaClient({ info, topic, pods, leaders: watch, recorder }));
  recorder.event({ atMs: recorder.now(), source: "run", event: "clients-started", detail: { topic } });
  const schedules = clients.map((client) => client.begin());
  // A killed pod comes back elsewhere; a failed look is tried again.
  const refreshing = setInterval(() => void pods.refresh().catch(() => undefined), refreshEveryMs);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(refreshing);
    for (const report of await Promise.all(schedules.map((schedule) => schedule.stop()))) recorder.schedule(report);
    watch.stop();
    for (const client of clients) client.close();
    loop.disable();
    recorder.loopDelay({ type: "loop-delay", p99Ms: loop.percentile(99) / 1e6, maxMs: loop.max / 1e6 });
  };
  return {
    status: () => ({
      atMs: recorder.now(),
      clients: clients.map(({ tally, member }) => tally.status(recorder.now(), member())),
    }),
    onEvent: (listener) => listeners.push(listener),
    stop: () => (stopping ??= stop()),
  };
}
