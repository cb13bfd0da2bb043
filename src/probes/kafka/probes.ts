import type { ClientInfo } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { createTelling, runClients, watchLoopDelay } from "../run-clients.ts";
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
  const { tell, onEvent } = createTelling(recorder);
  const loop = watchLoopDelay(recorder);
  const watch = watchBrokers(pods, topic, options.partitions, recorder.now, tell);
  const clients = options.infos.map((info) => kafkaClient({ info, topic, pods, leaders: watch, recorder }));
  recorder.event({ atMs: recorder.now(), source: "run", event: "clients-started", detail: { topic } });
  return runClients({ recorder, onEvent, clients, refresh: pods.refresh, refreshEveryMs, watches: [watch, loop] });
}
