import { Redis } from "ioredis";
import type { ObjectStore } from "../objects.ts";
import { redisMembers, redisPods } from "./redis.ts";
import { startPolling } from "./poll.ts";

const pollEveryMs = 500;
const commandTimeoutMs = 400;

/** What the Sentinels think, in one poll. */
export interface SentinelsView {
  /** Address of the master that a majority names; null without one. */
  master: string | null;
  /** True when every Sentinel knows the others and all replicas, and the master has them connected. */
  formed: boolean;
}

/**
 * Keeps the label `role: master|replica` true on the Redis pods, as an operator does: by what the majority of
 * Sentinels says, not by what a member says of itself. Without a majority the label is taken away.
 */
export function startRedisRoles(store: ObjectStore): { view(): SentinelsView; stop(): void } {
  const clients = new Map<string, Redis>();
  let view: SentinelsView = { master: null, formed: false };
  let stopped = false;

  const clientFor = (host: string, port: number): Redis => {
    const name = `${host}:${port}`;
    const known = clients.get(name);
    if (known !== undefined) return known;
    const client = new Redis({
      host,
      port,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      connectTimeout: commandTimeoutMs,
      commandTimeout: commandTimeoutMs,
      disconnectTimeout: 100,
    });
    client.on("error", () => undefined);
    client.on("end", () => clients.delete(name));
    clients.set(name, client);
    return client;
  };

  const ask = async (host: string): Promise<{ address: string; formed: boolean } | null> => {
    try {
      const reply: unknown = await clientFor(host, 26379).call("SENTINEL", "MASTER", "mymaster");
      const fields = flatReply(reply);
      const formed =
        Number(fields["num-slaves"]) === redisMembers - 1 &&
        Number(fields["num-other-sentinels"]) === redisMembers - 1 &&
        fields["flags"] === "master";
      return { address: fields["ip"] ?? "", formed };
    } catch {
      return null;
    }
  };

  const poll = async (): Promise<void> => {
    const hosts = redisPods(store, "redis-sentinel").flatMap((pod) => {
      const ip = pod.status?.["podIP"];
      return typeof ip === "string" ? [ip] : [];
    });
    const answers = (await Promise.all(hosts.map(ask))).filter((answer) => answer !== null);
    if (stopped) return;
    const votes = answers.map((answer) => answer.address);
    const master = votes.find((vote) => votes.filter((other) => other === vote).length * 2 > redisMembers) ?? null;
    const agreed = answers.length === redisMembers && answers.every((answer) => answer.formed);
    view = {
      master,
      formed: master !== null && agreed && (view.formed || (await replicasOnline(clientFor(master, 6379)))),
    };
    for (const pod of redisPods(store, "redis")) {
      const wanted = master === null ? undefined : pod.status?.["podIP"] === master ? "master" : "replica";
      if (pod.metadata.labels?.["role"] === wanted) continue;
      const { name, namespace = "default" } = pod.metadata;
      store.update({ kind: "Pod", namespace, name }, (copy) => {
        const { role: _old, ...labels } = copy.metadata.labels ?? {};
        copy.metadata.labels = wanted === undefined ? labels : { ...labels, role: wanted };
      });
    }
  };
  const polling = startPolling(pollEveryMs, poll);
  return {
    view: () => view,
    stop: () => {
      stopped = true;
      polling.stop();
      for (const client of clients.values()) client.disconnect();
    },
  };
}

/** True when the master counts every replica as online, not merely as connected and waiting for its first copy. */
async function replicasOnline(master: Redis): Promise<boolean> {
  try {
    const info = await master.info("replication");
    return info.split("\n").filter((line) => /^slave\d+:.*state=online/.test(line)).length === redisMembers - 1;
  } catch {
    return false;
  }
}

/** A Redis map reply, as RESP2's flat list or RESP3's map. */
function flatReply(reply: unknown): Record<string, string> {
  if (Array.isArray(reply)) {
    const fields: Record<string, string> = {};
    for (let at = 0; at + 1 < reply.length; at += 2) fields[String(reply[at])] = String(reply[at + 1]);
    return fields;
  }
  const entries: Array<[unknown, unknown]> =
    reply instanceof Map ? [...reply] : typeof reply === "object" && reply !== null ? Object.entries(reply) : [];
  return Object.fromEntries(entries.map(([key, value]) => [String(key), String(value)]));
}
