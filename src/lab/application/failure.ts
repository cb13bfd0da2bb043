/** What is known after a statement failed. */
export interface DatabaseFailure {
  /** Whether it may have taken effect. */
  applied: "no" | "unknown";
  /** A short class, e.g. `read-only`, `refused`, `pool-exhausted`. */
  reason: string;
  /** What became of the connection: to be used again, to be closed (it is to the wrong server), or lost. */
  connection: "usable" | "unwanted" | "lost";
}

/** SQLSTATEs by which PostgreSQL says that it did not do it (PostgreSQL manual, appendix A). */
const refusals: ReadonlyMap<string, string> = new Map([
  ["25006", "read-only"],
  ["57P03", "starting-up"],
  ["53300", "too-many-connections"],
  ["3D000", "no-database"],
  ["3F000", "no-schema"],
  ["42P01", "no-table"],
  ["40001", "serialization"],
  ["40P01", "deadlock"],
]);
/** After these the same server will not do better. */
const wrongServer = new Set(["25006", "57P03", "53300", "3D000"]);
/** Names of node-postgres' own errors, which have no code. */
const messages: ReadonlyArray<[text: string, reason: string, applied: "no" | "unknown"]> = [
  ["timeout exceeded when trying to connect", "pool-exhausted", "no"],
  ["due to connection timeout", "connect-timeout", "no"],
  ["Query read timeout", "timeout", "unknown"],
];
/** Errors of a connection that was never made. */
const neverConnected: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "refused"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["ENOTFOUND", "no-address"],
  ["EAI_AGAIN", "no-address"],
]);

/** Judges an error of node-postgres. What is not known to have been refused may have been applied. */
export function failureOf(error: unknown): DatabaseFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const refusal = refusals.get(code) ?? (code.startsWith("28") ? "not-authorized" : undefined);
  if (refusal !== undefined) {
    return { applied: "no", reason: refusal, connection: wrongServer.has(code) ? "unwanted" : "usable" };
  }
  const unmade = neverConnected.get(code);
  if (unmade !== undefined) return { applied: "no", reason: unmade, connection: "lost" };
  // Class 57P is an operator's intervention (shutdown, crash): the server ends the connection after it.
  if (code.startsWith("57P")) return { applied: "unknown", reason: "shut-down", connection: "lost" };
  if (/^[0-9A-Z]{5}$/.test(code)) return { applied: "unknown", reason: `SQLSTATE ${code}`, connection: "usable" };
  const text = error instanceof Error ? error.message : String(error);
  const known = messages.find(([part]) => text.includes(part));
  if (known !== undefined) return { applied: known[2], reason: known[1], connection: "lost" };
  return { applied: "unknown", reason: "connection-lost", connection: "lost" };
}
