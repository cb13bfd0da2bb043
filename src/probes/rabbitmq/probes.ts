import { AftershockError, messageOf } from "../../errors.ts";
import type { ClientInfo, TimelineEvent } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { createTelling, runClients, watchLoopDelay } from "../run-clients.ts";
import type { RunningProbes } from "../system.ts";
import { createConsumer } from "./consumer.ts";
import { dial, openLink, reasonOf, type LinkOptions } from "./link.ts";
import { createPublisher, type RabbitClient } from "./publisher.ts";
import { listenForReturns } from "./publish.ts";
import { allowProbes, declareQueue, prefixOf, queueOf, typeOf } from "./queues.ts";
import { watchCluster } from "./watch.ts";

const refreshEveryMs = 1000;

/**
 * Declares every client's queue on the node `leader`, connects the clients, and starts them. Rejects when the queues
 * cannot be declared, with AftershockError `system_unreachable` when the user may not use them.
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
  const { tell, onEvent } = createTelling(recorder);
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

  const watches = [watch, watchLoopDelay(recorder)];
  return runClients({ recorder, onEvent, clients, refresh: link.nodes.refresh, refreshEveryMs, watches });
}

/** Declares the queues, and tries what the probes will do with them before anything counts. */
async function declareAll(options: Parameters<typeof startRabbitProbes>[0]): Promise<void> {
  const { link, infos, runId, leader, version } = options;
  const model = await dial(leader, link);
  try {
    const channel = await model.createConfirmChannel();
    const ended = new Promise<never>((_resolve, reject) => channel.once("error", reject));
    ended.catch(() => undefined);
    const tryAll = async (): Promise<void> => {
      for (const { id } of infos) await declareQueue(channel, queueOf(runId, id), typeOf(id), version);
      const [first] = infos;
      if (first !== undefined) await channel.get(queueOf(runId, first.id));
      // To no queue: RabbitMQ drops it, once it has found that the user may publish.
      channel.publish("", `${prefixOf(runId)}nobody`, Buffer.from("may I"));
      await channel.waitForConfirms();
    };
    await Promise.race([tryAll(), ended]);
  } catch (error) {
    if (!messageOf(error).includes("ACCESS_REFUSED")) throw error;
    throw mayNot(leader, reasonOf(error));
  } finally {
    await model.close().catch(() => undefined);
  }
}

function mayNot(pod: string, said: string): AftershockError {
  return new AftershockError(
    "system_unreachable",
    `The probes' user may not do at ${pod} what the probes do: ${said}.`,
    `Allow it: ${allowProbes}`,
  );
}
