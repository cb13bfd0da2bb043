import { applicationWords } from "./application.ts";
import { etcdWords } from "./etcd.ts";
import type { EventDetail, EventWords } from "./event-words.ts";
import { kafkaWords } from "./kafka.ts";
import { patroniWords } from "./patroni.ts";
import { placementWords } from "./placement.ts";
import { postgresIoWords } from "./postgres-io.ts";
import { rabbitWords } from "./rabbitmq.ts";
import { redisWords } from "./redis-sentinel.ts";

/** Every system's words; a new system is a file and a line here. */
const words: EventWords = {
  ...redisWords,
  ...etcdWords,
  ...patroniWords,
  ...applicationWords,
  ...postgresIoWords,
  ...placementWords,
  ...rabbitWords,
  ...kafkaWords,
  "fault-ended": ({ what, afterMs }) =>
    typeof afterMs === "number" ? `${String(what)}, after ${(afterMs / 1000).toFixed(1)} s` : String(what),
  "daemon-lost": ({ node, daemon }) =>
    `the chaos-daemon of ${String(node)} (${String(daemon)}) is not ready: whether the fault goes on is unknown, and its cleanup is judged in the pods alone`,
  "daemon-replaced": ({ node, daemon }) =>
    `the chaos-daemon of ${String(node)} was started anew (${String(daemon)}) and knows nothing of the fault: its cleanup is judged in the pods alone`,
  "daemon-back": ({ node }) => `the chaos-daemon of ${String(node)} is ready again`,
  "watch-unknown": ({ id, why, next }) =>
    `stop condition ${String(id)} cannot be measured: ${String(why)}; ${String(next)}`,
  "watch-known": ({ id, measured }) => `stop condition ${String(id)} is measured again: ${String(measured)}`,
  "fault-unseen": ({ problem }) => `the run cannot look at its fault, which may go on or not: ${String(problem)}`,
  "way-in-down": ({ pod, why }) =>
    `the way to ${String(pod)} is down (${String(why)}): what the probes miss says nothing of the system`,
  "way-in-up": ({ pod }) => `the way to ${String(pod)} stands again`,
  "fault-seen": ({ afterMs }) => `the cluster answers again, after ${(Number(afterMs) / 1000).toFixed(1)} s`,
};

/** What is said of an event; of one that nobody has words for, its own text, or the member that it is about. */
export function describeEvent(event: string, detail: EventDetail): string {
  const found = Object.hasOwn(words, event) ? words[event] : undefined;
  if (found !== undefined) return found(detail);
  if (typeof detail["text"] === "string") return detail["text"];
  return typeof detail["member"] === "string" ? `${String(detail["kind"])} ${detail["member"]}` : "";
}
