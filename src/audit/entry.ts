import { createHash } from "node:crypto";

/** One row of the audit trail. All of it but `prev` and `hash` is what the hash is taken of. */
export interface AuditEntry {
  /** From 1 without gaps, over everything. */
  seq: number;
  /** UTC with microseconds, e.g. `2026-11-25T01:02:03.456789Z`, by the database's clock. */
  at: string;
  /** The database user that wrote the row. People are in `entry`. */
  role: string;
  /** The table that was written. */
  table: string;
  op: "existing" | "insert" | "update" | "delete";
  /** The run or schedule that the row is about. */
  subject: string;
  /** The row as JSON text, byte for byte as it was hashed. */
  entry: string;
  /** Hash of the entry before; 64 zeros for the first. */
  prev: string;
  /** SHA-256, 64 hex digits. */
  hash: string;
}

/** Where a chain stands: its last entry. A hash that was noted elsewhere shows later whether the chain still holds it. */
export type AuditHead = Pick<AuditEntry, "seq" | "hash">;

/** What stands before the first entry. */
export const genesisHash = "0".repeat(64);

/** The hash that an entry must have: SHA-256 of its fields as UTF-8, each on a line, in this order (docs/audit.md). */
export function hashOf(entry: Omit<AuditEntry, "hash">): string {
  const { prev, seq, at, role, table, op, subject, entry: text } = entry;
  return createHash("sha256").update([prev, seq, at, role, table, op, subject, text].join("\n")).digest("hex");
}
