import type { Setting } from "../history.ts";
import { parseInfo, parseMap, withConnection } from "./connection.ts";
import type { RedisPods } from "./pods.ts";
import { viewSentinels } from "./views.ts";

const timeoutMs = 2000;

const memberSettings = [
  "min-replicas-to-write",
  "min-replicas-max-lag",
  "appendonly",
  "appendfsync",
  "save",
  "repl-backlog-size",
  "repl-timeout",
  "replica-serve-stale-data",
  "replica-priority",
  "maxmemory-policy",
];

const sentinelSettings = [
  "quorum",
  "down-after-milliseconds",
  "failover-timeout",
  "parallel-syncs",
  "num-other-sentinels",
  "num-slaves",
];

/** The settings that findings are tied to, from the live servers. What a server does not tell is `unknown`. */
export async function readSettings(pods: RedisPods): Promise<Setting[]> {
  const setting = (member: string, name: string, value: string): Setting => ({ type: "setting", member, name, value });
  const members = pods.data.map(async ({ name: member }) => {
    try {
      return await withConnection(pods.dial("redis", member), timeoutMs, async (redis) => {
        const version = parseInfo(await redis.info("server"))["redis_version"] ?? "unknown";
        const values = await Promise.all(
          memberSettings.map(async (name) => {
            const reply = await redis.call("CONFIG", "GET", name).catch(() => []);
            return setting(member, name, parseMap(reply)[name] ?? "unknown");
          }),
        );
        return [setting(member, "redis_version", version), ...values];
      });
    } catch {
      return memberSettings.map((name) => setting(member, name, "unknown"));
    }
  });
  const sentinels = (await viewSentinels(pods, timeoutMs)).flatMap((view) =>
    sentinelSettings.map((name) => setting(view.pod, name, view.fields[name] ?? "unknown")),
  );
  return [...(await Promise.all(members)).flat(), ...sentinels];
}
