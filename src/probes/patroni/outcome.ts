import type { Outcome } from "../history.ts";
import { tlsFailure } from "../tls-failure.ts";

/** SQLSTATEs by which PostgreSQL says that it did not apply a write (anchors/consistency-and-failover.md 5.2). */
const refusals: ReadonlyMap<string, string> = new Map([
  ["25006", "read-only"],
  ["57P03", "starting-up"],
  ["53300", "too-many-connections"],
  ["3D000", "no-database"],
  ["40001", "serialization"],
  ["40P01", "deadlock"],
  ["42P01", "no-table"],
  ["42501", "not-permitted"],
]);

/** What an error of a write proves: only a listed refusal, or a connection that never was, is certain. */
export function classifyPostgresError(error: unknown): { outcome: Exclude<Outcome, "ok">; error: string } {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  const refusal = refusals.get(code);
  if (refusal !== undefined) return { outcome: "fail", error: refusal };
  if (code.startsWith("28")) return { outcome: "fail", error: "not-authorized" };
  if (tlsFailure(error) !== null) return { outcome: "fail", error: "tls-refused" };
  if (code === "ECONNREFUSED") return { outcome: "fail", error: "refused" };
  if (/^[0-9A-Z]{5}$/.test(code)) return { outcome: "unknown", error: `SQLSTATE ${code}` };
  const message = error instanceof Error ? error.message : String(error);
  if (message === "timeout") return { outcome: "unknown", error: "timeout" };
  return { outcome: "unknown", error: "connection-lost" };
}
