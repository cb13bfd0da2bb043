import type { Recorder } from "../recorder.ts";
import type { RedisClient } from "./clients.ts";
import { keyLifetimeSeconds, sharedKeyOf } from "./clients.ts";
import { withConnection } from "./connection.ts";
import type { RedisPods } from "./pods.ts";

const everyMs = 500;
const timeoutMs = 1500;

/**
 * Every write client sets one and the same key twice a second, beside its ledger, so that after two masters it can be
 * told whose value survived. Acknowledged ones go on the timeline as `shared-key-write`.
 */
export function startSharedKey(clients: readonly RedisClient[], runId: string, recorder: Recorder): { stop(): void } {
  const counts = new Map<string, number>();
  const set = async ({ info, endpoint }: RedisClient): Promise<void> => {
    const redis = endpoint.redis();
    if (redis === null) return;
    const member = endpoint.member();
    const count = (counts.get(info.id) ?? 0) + 1;
    counts.set(info.id, count);
    const value = `${info.id} ${count}`;
    try {
      await redis.set(sharedKeyOf(runId), value, "EX", keyLifetimeSeconds);
      recorder.event({ atMs: recorder.now(), source: info.id, event: "shared-key-write", detail: { member, value } });
    } catch {
      // Refused or unknown; only what was acknowledged can be missed.
    }
  };
  const writers = clients.filter(({ info }) => info.kind === "write");
  const timer = setInterval(() => writers.forEach((client) => void set(client)), everyMs);
  return { stop: () => clearInterval(timer) };
}

/** Reads the key from every member: `shared-key-read` on the timeline; a member that does not answer says nothing. */
export async function readSharedKey(pods: RedisPods, runId: string, recorder: Recorder): Promise<void> {
  await Promise.all(
    pods.data.map(async ({ name }) => {
      const value = await withConnection(pods.dial("redis", name), timeoutMs, (redis) =>
        redis.get(sharedKeyOf(runId)),
      ).catch(() => undefined);
      if (value === undefined) return;
      recorder.event({ atMs: recorder.now(), source: name, event: "shared-key-read", detail: { value } });
    }),
  );
}
