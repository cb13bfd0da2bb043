import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import { startClientSchedule } from "../client-schedule.ts";
import type { ClientInfo, Operation, TimelineEvent } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { createTally } from "../tally.ts";
import { openLink, type LinkOptions } from "./link.ts";
import { listenForReturns, publishNumber } from "./publish.ts";
import type { RabbitClient } from "./publisher.ts";

const prefetch = 200;

export interface ConsumerOptions {
  info: ClientInfo;
  queue: string;
  recorder: Recorder;
  tell: (event: Omit<TimelineEvent, "type">) => void;
  link: Omit<LinkOptions, "order" | "prepare" | "onUp" | "onDown">;
  /** Where the consumer begins, and whom it tries then. */
  consumeOrder: readonly string[];
  /** Who sends to it: a connection that the fault is not meant to touch, so that the consumer is what is measured. */
  sendOrder: readonly string[];
}

/**
 * Round trips: a number is published, and the operation is `ok` when the consumer has got it, in time. A consumer with
 * manual acknowledgement, which subscribes on the next node when its connection, or its subscription, breaks.
 */
export function createConsumer(options: ConsumerOptions): RabbitClient & { tried: Promise<void> } {
  const { info, queue, recorder, tell } = options;
  const tally = createTally(info.id, info.kind);
  const waiting = new Map<number, () => void>();
  const seen = new Set<number>();
  const counts = { delivered: 0, redelivered: 0, repeated: 0 };
  let awaitsFirst = false;

  const say = (event: string, detail: TimelineEvent["detail"]): void =>
    tell({ atMs: recorder.now(), source: info.id, event, detail });
  const deliver = (channel: ConfirmChannel, message: ConsumeMessage): void => {
    const seq = Number(message.content.toString());
    if (awaitsFirst) say("first-delivery", { member: consumer.member() });
    awaitsFirst = false;
    counts.delivered += 1;
    if (message.fields.redelivered) counts.redelivered += 1;
    if (seen.has(seq)) counts.repeated += 1;
    seen.add(seq);
    waiting.get(seq)?.();
    channel.ack(message);
  };
  const consumer = openLink({
    ...options.link,
    order: options.consumeOrder,
    prepare: async (channel, abandon) => {
      await channel.prefetch(prefetch);
      await channel.consume(queue, (message) => {
        if (message !== null) return deliver(channel, message);
        // The server took the subscription away (consumer cancel notification), e.g. with the queue's node.
        abandon("cancelled");
      });
    },
    onUp: (pod) => {
      awaitsFirst = true;
      say("subscribed", { member: pod });
    },
    onDown: (pod, reason) => say("unsubscribed", { member: pod, reason }),
  });
  const sender = openLink({
    ...options.link,
    order: options.sendOrder,
    prepare: async (channel) => listenForReturns(channel),
  });

  const book = (operation: Operation): void => {
    recorder.operation(operation);
    tally.add(operation);
  };
  const base = (index: number, plannedMs: number) =>
    ({ type: "op", client: info.id, kind: info.kind, seq: index + 1, plannedMs, member: consumer.member() }) as const;
  const send = async (index: number, plannedMs: number): Promise<void> => {
    const operation = base(index, plannedMs);
    const startMs = recorder.now();
    const channel = sender.channel();
    if (channel === null) {
      return book({ ...operation, startMs, endMs: startMs, outcome: "fail", error: "no-connection" });
    }
    const { seq } = operation;
    const { timeoutMs } = info;
    const arrived = new Promise<boolean>((resolve) => {
      const late = setTimeout(() => resolve(false), timeoutMs);
      waiting.set(seq, () => {
        clearTimeout(late);
        resolve(true);
      });
    });
    const published = publishNumber(channel, { queue, client: info.id, seq, timeoutMs });
    // A message that came back will not be delivered; one without a confirm may be.
    const refused = published.then(({ outcome }) => (outcome === "fail" ? false : arrived));
    const delivered = await Promise.race([arrived, refused]);
    waiting.delete(seq);
    const endMs = recorder.now();
    const member = consumer.member();
    if (delivered) return book({ ...operation, member, startMs, endMs, outcome: "ok", seen: seq });
    const { error = "not-delivered", outcome } = await published;
    book({ ...operation, startMs, endMs, outcome: "fail", error: outcome === "fail" ? error : "not-delivered" });
  };
  return {
    info,
    tally,
    tried: Promise.all([consumer.tried, sender.tried]).then(() => undefined),
    member: () => (consumer.channel() === null ? null : consumer.member()),
    begin: () => startClientSchedule({ info, now: recorder.now, send, book, member: consumer.member }),
    close: async () => {
      say("deliveries", { ...counts });
      await Promise.all([consumer.close(), sender.close()]);
    },
  };
}
