import type { Redis } from "ioredis";
import type { Dial } from "../access.ts";
import type { TimelineEvent } from "../history.ts";
import { bareConnection } from "./connection.ts";
import type { PodNames } from "../pod-names.ts";
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
  const again = (pod: string): void => {
    if (!stopped) setTimeout(() => void listen(pod).catch(() => undefined), reconnectMs).unref();
  };
  const dial = (pod: string): Promise<Dial> =>
    pods.dial("sentinel", pod).catch((error: unknown) => {
      again(pod);
      throw error;
    });
  const listen = async (pod: string): Promise<void> => {
    const redis = bareConnection(await dial(pod), timeoutMs);
    if (stopped) return;
    connections.set(pod, redis);
    redis.on("pmessage", (_pattern: string, channel: string, message: string) => {
      tell({ source: pod, event: channel, detail: readSentinelMessage(channel, message, pods.names) });
    });
    redis.on("end", () => again(pod));
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
export function readSentinelMessage(channel: string, message: string, names: Pick<PodNames, "nameOf">): Detail {
  const words = message.split(" ");
  if (channel === "+switch-master") {
    return { from: names.nameOf(words[1] ?? ""), to: names.nameOf(words[3] ?? "") };
  }
  const [type = "", , host] = words;
  if (["master", "slave", "sentinel"].includes(type) && host !== undefined) {
    const rest = words.slice(4).join(" ");
    return { kind: type, member: names.nameOf(host), ...(rest === "" ? {} : { text: rest }) };
  }
  return { text: message };
}
