import type { ConfirmChannel } from "amqplib";
import type { Outcome } from "../history.ts";
import { reasonOf } from "./link.ts";

export interface Published {
  outcome: Outcome;
  error?: string;
}

/** Numbers of a channel's messages that came back as unroutable; RabbitMQ confirms them all the same, afterwards. */
type Returned = Set<string>;
const returnedOf = new WeakMap<ConfirmChannel, Returned>();

/** Listens for `basic.return`; to be called once for each new channel. */
export function listenForReturns(channel: ConfirmChannel): void {
  const returned: Returned = new Set();
  returnedOf.set(channel, returned);
  channel.on("return", (message) => returned.add(String(message.properties.messageId)));
}

/**
 * Publishes one number, persistent and mandatory, and says what its confirm proves (RabbitMQ documentation, confirms):
 * ack without a return is `ok`; returned as unroutable is `fail`, though it is confirmed; nack, no confirm in time and a
 * lost connection are `unknown`, since the message may be in the queue. The client library waits for confirms without
 * end, so the deadline is ours.
 */
export function publishNumber(
  channel: ConfirmChannel,
  message: { queue: string; client: string; seq: number; timeoutMs: number },
): Promise<Published> {
  const { queue, client, seq } = message;
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve({ outcome: "unknown", error: "timeout" }), message.timeoutMs);
    const settle = (published: Published): void => {
      clearTimeout(late);
      resolve(published);
    };
    const id = String(seq);
    const confirmed = (error: unknown): void => {
      const returned = returnedOf.get(channel)?.delete(id) === true;
      if (error === null || error === undefined) {
        settle(returned ? { outcome: "fail", error: "returned" } : { outcome: "ok" });
      } else settle(classifyConfirm(error));
    };
    const options = { persistent: true, mandatory: true, messageId: id, appId: client };
    try {
      channel.publish("", queue, Buffer.from(id), options, confirmed);
    } catch (error) {
      // The channel is closed already: nothing was written to the socket.
      settle({ outcome: "fail", error: `not-sent: ${reasonOf(error)}`.slice(0, 40) });
    }
  });
}

/** What a refused or missing confirm proves: nothing (see above), but by what name. */
export function classifyConfirm(error: unknown): Published {
  const nacked = error instanceof Error && error.message.includes("nacked");
  return { outcome: "unknown", error: nacked ? "nack" : "connection-lost" };
}
