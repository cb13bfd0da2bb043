import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ClientInfo, TimelineEvent } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { RunningProbes } from "../system.ts";
import { createConsumer } from "./consumer.ts";
import { dial, openLink, type LinkOptions } from "./link.ts";
import { createPublisher, type RabbitClient } from "./publisher.ts";
import { listenForReturns } from "./publish.ts";
import { declareQueue, prefixOf, queueOf, typeOf } from "./queues.ts";
import { watchCluster } from "./watch.ts";

const refreshEveryMs = 1000;

/**
 * Declares every client's queue on the node `leader`, connects the clients, and starts them. Rejects when the queues
 * cannot be declared.
 */
export async function startRabbitProbes(options: {
  link: Omit<LinkOptions, "order" | "prepare" | "onUp" | "onDown">;
  recorder: Recorder;
  infos: readonly ClientInfo[];
  runId: string;
  leader: string;
  version: string | null;
}): Promise<RunningProbes> {
  const { link, recorder, infos, runId, leader } = options;
  const listeners: Array<(event: TimelineEvent) => void> = [];
  const tell = (event: Omit<TimelineEvent, "type">): void => {
    recorder.event(event);
    for (const listener of listeners) listener({ type: "event", ...event });
  };
  await declareAll(options);
  // The leader first, then the others; and for those who are not to begin at the leader, it comes last.
  const others = link.nodes.pods.map((pod) => pod.name).filter((name) => name !== leader);
  const fromLeader = [leader, ...others];
  const fromOthers = [...others, leader];

  const tried: Array<Promise<void>> = [];
  const clients = infos.map((info): RabbitClient => {
    const queue = queueOf(runId, info.id);
    if (info.kind === "read") {
      const consumer = createConsumer({
        info,
        queue,
        recorder,
        tell,
        link,
        consumeOrder: fromLeader,
        sendOrder: fromOthers,
      });
      tried.push(consumer.tried);
      return consumer;
    }
    const say = (event: string, detail: TimelineEvent["detail"]): void =>
      tell({ atMs: recorder.now(), source: info.id, event, detail });
    const own = openLink({
      ...link,
      order: info.id.endsWith("neighbour") ? fromOthers : fromLeader,
      prepare: async (channel) => listenForReturns(channel),
      onUp: (pod) => say("connected", { member: pod }),
      onDown: (pod, reason) => say("disconnected", { member: pod, reason }),
    });
    tried.push(own.tried);
    return createPublisher({ info, queue, link: own, recorder });
  });
  const watch = watchCluster({ link, prefix: prefixOf(runId), now: recorder.now, record: recorder.event, tell });
  await Promise.all([...tried, watch.tried]);

  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const schedules = clients.map((client) => client.begin());
  // A killed pod comes back elsewhere; a failed look is tried again.
  const refreshing = setInterval(() => void link.nodes.refresh().catch(() => undefined), refreshEveryMs);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(refreshing);
    for (const report of await Promise.all(schedules.map((schedule) => schedule.stop()))) recorder.schedule(report);
    await Promise.all([watch.stop(), ...clients.map((client) => client.close())]);
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

async function declareAll(options: Parameters<typeof startRabbitProbes>[0]): Promise<void> {
  const { link, infos, runId, leader, version } = options;
  const model = await dial(link.nodes.hostOf(leader), link);
  try {
    const channel = await model.createChannel();
    channel.on("error", () => undefined);
    for (const { id } of infos) await declareQueue(channel, queueOf(runId, id), typeOf(id), version);
  } finally {
    await model.close().catch(() => undefined);
  }
}
