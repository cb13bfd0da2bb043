import { textOf } from "../figure.ts";
import type { Outcome } from "../history.ts";

/** Replies by which Redis says that it did not apply a write (anchors/consistency-and-failover.md 5.1). */
const refusals: ReadonlySet<string> = new Set([
  "READONLY",
  "NOREPLICAS",
  "LOADING",
  "MASTERDOWN",
  "MISCONF",
  "OOM",
  "BUSY",
  "NOAUTH",
  "NOPERM",
  "WRONGTYPE",
  "WRONGPASS",
]);

/**
 * What an error of a write proves. Only a listed refusal, or a connection that was never there, proves that nothing
 * was applied; everything else after the first byte is unknown.
 */
export function classifyWriteError(error: unknown): { outcome: Exclude<Outcome, "ok">; error: string } {
  const { name, message } = error instanceof Error ? error : { name: "", message: textOf(error) ?? "" };
  const code = /^([A-Z]{2,})\b/.exec(message)?.[1] ?? "";
  if (name === "ReplyError") return { outcome: refusals.has(code) ? "fail" : "unknown", error: code || "error" };
  // ioredis: the command never left, because there is no connection and no queue.
  if (message.includes("enableOfflineQueue")) return { outcome: "fail", error: "no-connection" };
  if (message.includes("ECONNREFUSED")) return { outcome: "fail", error: "refused" };
  if (message.includes("timed out")) return { outcome: "unknown", error: "timeout" };
  return { outcome: "unknown", error: "connection-lost" };
}

/** A read has no effect, so whatever went wrong with it is a failure. */
export function classifyReadError(error: unknown): { outcome: "fail"; error: string } {
  return { outcome: "fail", error: classifyWriteError(error).error };
}
