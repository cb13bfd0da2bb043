import type { Channel } from "amqplib";
import { wholeNumber } from "../figure.ts";
import { messageOf } from "../../errors.ts";
import { foldNumbers } from "../fold.ts";
import type { FinalRead } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { dial, type LinkOptions } from "./link.ts";
import { prefixOf, queueOf, viewQueues } from "./queues.ts";

/** A queue that hands over nothing for this long, and less than it counts, could not be read. */
const stalledMs = 10_000;
/** After the last message that the queue counted, so long for one that it did not count. */
const surplusMs = 200;

/**
 * A consumer of a quorum queue is handed at most 2,000 messages before it acknowledges some (RabbitMQ documentation,
 * quorum queues); where more are in the queue, more consumers fetch them.
 */
const perConsumer = 1000;

/**
 * Reads every write client's queue through every node: all messages are fetched without acknowledgement, and go back
 * into the queue when the channel closes. The read through the node of the queue's leader is the authoritative one.
 * What each node says of a queue's length is an event of its own (`queue-length`): it differs in a split cluster.
 */
export async function readQueuesBack(
  link: Pick<LinkOptions, "nodes" | "account" | "heartbeatSeconds" | "timeoutMs">,
  runId: string,
  writers: readonly string[],
  recorder: Recorder,
): Promise<FinalRead[]> {
  const { nodes, account } = link;
  const queues = await viewQueues(nodes, { prefix: prefixOf(runId), vhost: account.vhost }).catch(() => []);
  const reads: FinalRead[] = [];
  // One after the other: a message that one reader holds is not there for the next.
  for (const client of writers) {
    const queue = queueOf(runId, client);
    const leader = queues.find(({ name }) => name === queue)?.leader ?? null;
    for (const { name } of nodes.pods) {
      const authoritative = leader === name;
      const role = authoritative ? "leader" : "other";
      const read = { type: "final-read", member: name, client, role, authoritative } as const;
      try {
        const numbers = await fetchAll(name, queue, link, (messages) =>
          recorder.event({
            atMs: recorder.now(),
            source: name,
            event: "queue-length",
            detail: { queue: client, messages },
          }),
        );
        reads.push({ ...read, atMs: recorder.now(), ranges: foldNumbers(numbers) });
      } catch (error) {
        reads.push({ ...read, atMs: recorder.now(), ranges: [], error: messageOf(error) });
      }
    }
  }
  return reads;
}

/** All numbers in a queue, in its order; they stay there. Rejects when it hands over less than it says it has. */
async function fetchAll(
  pod: string,
  queue: string,
  options: Pick<LinkOptions, "nodes" | "account" | "heartbeatSeconds" | "timeoutMs">,
  onLength: (messages: number) => void,
): Promise<number[]> {
  const model = await dial(pod, options);
  try {
    const channel: Channel = await model.createChannel();
    channel.on("error", () => undefined);
    const { messageCount } = await channel.checkQueue(queue);
    onLength(messageCount);
    const numbers: number[] = [];
    let lastMs = performance.now();
    let consumers = 0;
    await channel.prefetch(perConsumer);
    for (;;) {
      if (numbers.length >= consumers * perConsumer) {
        consumers += 1;
        await channel.consume(queue, (message) => {
          if (message === null) return;
          numbers.push(wholeNumber(message.content.toString()) ?? Number.NaN);
          lastMs = performance.now();
        });
      }
      const quietMs = performance.now() - lastMs;
      if (numbers.length >= messageCount && quietMs >= surplusMs) return numbers;
      if (quietMs > stalledMs) throw new Error(`handed over ${numbers.length} of ${messageCount} messages`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await model.close().catch(() => undefined);
  }
}
