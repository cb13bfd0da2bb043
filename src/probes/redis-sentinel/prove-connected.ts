import { messageOf } from "../../errors.ts";
import { provePairs } from "../pairs.ts";
import type { Listening } from "../access.ts";
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

/** The way is asked for and not the peer: no login, no secret and no certificate goes into a pod. */
function tlsOptions(tls: Listening["tls"]): string[] {
  return tls === "none" ? [] : ["--tls", "--insecure"];
}

/**
 * Whether the peer answered: `PONG`, or a refusal (Redis documentation, AUTH and ACL), or, where it wants to see a
 * certificate, the end of the connection that it had accepted.
 */
function isAnswer(said: string, tls: Listening["tls"]): boolean {
  return (
    /^(PONG|NOAUTH|NOPERM|WRONGPASS|DENIED)\b/.test(said) ||
    (tls === "mutual" && /reset by peer|closed the connection/.test(said))
  );
}

async function ping(
  context: SystemContext,
  pods: RedisPods,
  from: string,
  to: string,
): Promise<ConnectivityProof["pairs"][number]> {
  const part = pods.data.some((pod) => pod.name === to) ? "redis" : "sentinel";
  const target = [...pods.data, ...pods.sentinels].find((pod) => pod.name === to);
  if (target === undefined) return { from, to, ok: false, detail: `pod ${to} is gone` };
  const { port, tls } = pods.listening(part);
  // timeout(1) inside the pod: redis-cli of old versions has no deadline of its own.
  const seconds = String(timeoutMs / 1000 - 1);
  const command = ["timeout", seconds, "redis-cli", "-h", target.host, "-p", String(port), ...tlsOptions(tls), "PING"];
  try {
    const result = await context.exec(from, command, timeoutMs);
    const said = [result.stdout.trim(), result.stderr.trim()].filter(Boolean).join(" ");
    const ok = isAnswer(said, tls);
    return { from, to, ok, detail: said.split("\n")[0] || `no answer within ${seconds} s` };
  } catch (error) {
    return { from, to, ok: false, detail: messageOf(error), unasked: true };
  }
}
