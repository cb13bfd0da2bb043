import type { Redis } from "ioredis";
import type { TimelineEvent } from "../history.ts";
import { bareConnection } from "./connection.ts";
import type { RedisPods } from "./pods.ts";

const reconnectMs = 300;
const timeoutMs = 1000;

type Detail = Record<string, string | number | boolean | null>;

/** Listens to every Sentinel's own channel and tells each event as it arrives; reconnects by itself. */
export function watchSentinels(
  pods: RedisPods,
  tell: (event: Pick<TimelineEvent, "source" | "event" | "detail">) => void,
): { ready: Promise<void>; stop: () => void } {
  const connections = new Map<string, Redis>();
  let stopped = false;
  const listen = async (pod: string): Promise<void> => {
    const host = pods.sentinels.find(({ name }) => name === pod)?.host ?? pod;
    const redis = bareConnection({ host, port: pods.sentinelPort, timeoutMs });
    connections.set(pod, redis);
    redis.on("pmessage", (_pattern: string, channel: string, message: string) => {
      tell({ source: pod, event: channel, detail: readSentinelMessage(channel, message, pods) });
    });
    redis.on("end", () => {
      if (!stopped) setTimeout(() => void listen(pod).catch(() => undefined), reconnectMs).unref();
    });
    await redis.connect();
    await redis.psubscribe("*");
  };
  const ready = Promise.allSettled(pods.sentinels.map((pod) => listen(pod.name))).then(() => undefined);
  return {
    ready,
    stop: () => {
      stopped = true;
      for (const redis of connections.values()) redis.disconnect();
    },
  };
}

/**
 * A Sentinel message as flat fields. `+switch-master` is `NAME OLD-IP OLD-PORT NEW-IP NEW-PORT`; the others begin with
 * `TYPE NAME IP PORT`, and what follows is kept as text (Redis documentation, Sentinel API, Pub/Sub messages).
 */
export function readSentinelMessage(channel: string, message: string, pods: Pick<RedisPods, "nameOf">): Detail {
  const words = message.split(" ");
  if (channel === "+switch-master") {
    return { from: pods.nameOf(words[1] ?? ""), to: pods.nameOf(words[3] ?? "") };
  }
  const [type = "", , host] = words;
  if (["master", "slave", "sentinel"].includes(type) && host !== undefined) {
    const rest = words.slice(4).join(" ");
    return { kind: type, member: pods.nameOf(host), ...(rest === "" ? {} : { text: rest }) };
  }
  return { text: message };
}
