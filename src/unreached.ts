/** Errors of a connection that was never made (Node's errors, and undici's for its own deadline). */
const codes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether an error, or what caused it, is of a connection that was never made, so that nothing was asked. */
export function isUnreached(error: unknown): boolean {
  return error instanceof Error && (("code" in error && codes.has(error.code)) || isUnreached(error.cause));
}
