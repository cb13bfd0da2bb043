import type { Redis } from "ioredis";
import { AftershockError, messageOf } from "../../errors.ts";
import { badLogin, noRight, requireAccess, saidBy, type Refused } from "../refused-access.ts";
import type { SystemContext } from "../system.ts";
import { parseMap, withConnection } from "./connection.ts";
import type { RedisPart, RedisPods } from "./pods.ts";

/** How Redis refuses who we are or what we want, by its reply (Redis documentation, AUTH and ACL). Null: it does not. */
export function refusedFor(error: unknown): "login" | "right" | "hung-up" | null {
  const message = messageOf(error);
  if (/^(NOAUTH|WRONGPASS)\b|^ERR invalid password|^ERR AUTH /.test(message)) return "login";
  if (message.startsWith("NOPERM")) return "right";
  return /ECONNRESET|^Connection is closed/.test(message) ? "hung-up" : null;
}

export function redisRefusal(error: unknown, part: string): Refused {
  const reason = refusedFor(error);
  if (reason === "login") return badLogin(saidBy(error));
  return reason === "right" ? noRight(saidBy(error), part) : reason;
}

/** False for what a Sentinel says of a name that it does not know (Redis sources, sentinel.c); throws anything else. */
function isUnknownMaster(error: unknown): false {
  if (messageOf(error).includes("No such master")) return false;
  throw error;
}

/** A Sentinel that cannot fail over now is a guard's business. */
function onlyRefusals(error: unknown): void {
  if (refusedFor(error) !== null) throw error;
}

/**
 * Asks every member and every Sentinel what the probes will ask them, and learns what members announce. Throws
 * AftershockError `system_unreachable` where a login, a certificate or a right is missing, or the master goes by another
 * name.
 */
export async function requireRedisAccess(
  context: Pick<SystemContext, "parameters">,
  pods: RedisPods,
  timeoutMs: number,
): Promise<void> {
  const announced: Array<{ pod: string; address: string }> = [];
  const knowing: boolean[] = [];
  const server = (part: RedisPart, pod: string, ask: (redis: Redis) => Promise<void>) => ({
    part,
    pod,
    dial: () => pods.dial(part, pod),
    ask: (dial: Awaited<ReturnType<RedisPods["dial"]>>) => withConnection(dial, timeoutMs, ask),
  });
  await requireAccess(
    context,
    [
      ...pods.data.map(({ name }) =>
        server("redis", name, async (redis) => {
          await redis.info("replication");
          await redis.call("ROLE");
          // Settings may be out of bounds for the probes; then they are unknown, and so is what members announce.
          const reply = await redis.call("CONFIG", "GET", "replica-announce-ip").catch(() => []);
          announced.push({ pod: name, address: parseMap(reply)["replica-announce-ip"] ?? "" });
        }),
      ),
      ...pods.sentinels.map(({ name }) =>
        server("sentinel", name, async (redis) => {
          knowing.push(await redis.call("SENTINEL", "MASTER", pods.masterName).then(() => true, isUnknownMaster));
          if (knowing.at(-1) === false) return;
          await redis.call("SENTINEL", "CKQUORUM", pods.masterName).catch(onlyRefusals);
          // What they tell of a failover comes by this way, and nobody would miss what never comes.
          await redis.psubscribe("*");
        }),
      ),
    ],
    redisRefusal,
  );
  pods.names.announced(announced);
  if (knowing.length === 0 || knowing.includes(true)) return;
  const { port } = pods.listening("sentinel");
  throw new AftershockError(
    "system_unreachable",
    `No Sentinel knows a master called ${pods.masterName}.`,
    `Say its name: masterName=… Look: redis-cli -p ${port} SENTINEL MASTERS in ${pods.sentinels[0]?.name ?? "a Sentinel"}`,
  );
}
