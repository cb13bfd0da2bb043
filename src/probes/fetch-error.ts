import type { Outcome } from "./history.ts";

/**
 * What an error of `fetch` proves of a write. Only a connection that never was made is certain: codes of connect(2) and
 * of undici, which Node's fetch is.
 */
export function classifyFetchError(error: unknown): { outcome: Exclude<Outcome, "ok">; error: string } {
  if (error instanceof Error && error.name === "TimeoutError") return { outcome: "unknown", error: "timeout" };
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  if (code === "ECONNREFUSED") return { outcome: "fail", error: "refused" };
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "EHOSTUNREACH") return { outcome: "fail", error: "unreachable" };
  return { outcome: "unknown", error: "connection-lost" };
}
