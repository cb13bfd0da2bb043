import type { EventWords } from "./event-words.ts";

/** RabbitMQ: queues, and the connections of the clients. */
export const rabbitWords: EventWords = {
  queue: (detail) => {
    const { queue, leader, state, online, members } = detail;
    const count = typeof members === "number" ? `, ${String(online ?? 0)} of ${members} members online` : "";
    const led = leader !== null && state !== "down";
    return `${String(queue)} ${led ? `led by ${String(leader)}` : `is ${String(state ?? "without a leader")}`}${count}`;
  },
  connected: ({ member }) => `to ${String(member)}`,
  subscribed: ({ member }) => `to ${String(member)}`,
  disconnected: ({ member, reason }) => `from ${String(member)}: ${String(reason)}`,
  unsubscribed: ({ member, reason }) => `from ${String(member)}: ${String(reason)}`,
  "first-delivery": ({ member }) => `through ${String(member)}`,
};
