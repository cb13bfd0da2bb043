import { messageOf } from "../../errors.ts";
import { provePairs } from "../pairs.ts";
import type { ConnectivityProof, SystemContext } from "../system.ts";
import type { RedisPods } from "./pods.ts";

const timeoutMs = 3000;

/** Has every pod of one side ping every pod of the other, from inside the pods, in both directions. */
export async function proveConnected(
  context: SystemContext,
  pods: RedisPods,
  left: readonly string[],
  right: readonly string[],
): Promise<ConnectivityProof> {
  return provePairs(left, right, (from, to) => ping(context, pods, from, to));
}

async function ping(
  context: SystemContext,
  pods: RedisPods,
  from: string,
  to: string,
): Promise<ConnectivityProof["pairs"][number]> {
  const target = [...pods.data, ...pods.sentinels].find((pod) => pod.name === to);
  if (target === undefined) return { from, to, ok: false, detail: `pod ${to} is gone` };
  const port = pods.sentinels.includes(target) ? pods.sentinelPort : pods.dataPort;
  // timeout(1) inside the pod: redis-cli of old versions has no deadline of its own.
  const seconds = String(timeoutMs / 1000 - 1);
  const command = ["timeout", seconds, "redis-cli", "-h", target.host, "-p", String(port), "PING"];
  try {
    const result = await context.exec(from, command, timeoutMs);
    const ok = result.exitCode === 0 && result.stdout.includes("PONG");
    const said = [result.stdout.trim(), result.stderr.trim()].filter(Boolean).join(" ");
    return { from, to, ok, detail: ok ? "PONG" : said || `no answer within ${seconds} s` };
  } catch (error) {
    return { from, to, ok: false, detail: messageOf(error), unasked: true };
  }
}
