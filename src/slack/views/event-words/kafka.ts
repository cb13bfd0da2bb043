import type { EventWords } from "./event-words.ts";

/** Kafka: leaders, in-sync replicas, the controller. */
export const kafkaWords: EventWords = {
  "partition-leader": ({ partition, leader, epoch }) =>
    `of partition ${String(partition)}: ${leader === null ? "none" : String(leader)}, epoch ${String(epoch)}`,
  isr: ({ partition, inSync, size, replicas }) =>
    `of partition ${String(partition)}: ${String(inSync)} (${String(size)} of ${String(replicas)})`,
  controller: ({ controller, epoch }) => `is ${String(controller)}, epoch ${String(epoch)}`,
};
