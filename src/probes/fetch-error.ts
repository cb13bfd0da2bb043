import { isAftershockError } from "../errors.ts";
import type { Outcome } from "./history.ts";
import { tlsFailure } from "./tls-failure.ts";

/**
 * What an error of undici's `request`, or of `fetch`, which has it as its cause, proves of a write. Only a connection that
 * never was made is certain: codes of connect(2) and of undici, and handshakes that were refused.
 */
export function classifyFetchError(error: unknown): { outcome: Exclude<Outcome, "ok">; error: string } {
  if (error instanceof Error && error.name === "TimeoutError") return { outcome: "unknown", error: "timeout" };
  const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined);
  if (code === "ECONNREFUSED") return { outcome: "fail", error: "refused" };
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "EHOSTUNREACH") return { outcome: "fail", error: "unreachable" };
  // It was not even dialled.
  if (isAftershockError(error)) return { outcome: "fail", error: "unreachable" };
  if (tlsFailure(error) !== null) return { outcome: "fail", error: "tls-refused" };
  return { outcome: "unknown", error: "connection-lost" };
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
