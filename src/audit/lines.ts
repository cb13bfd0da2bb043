import { z } from "zod";
import { AftershockError } from "../errors.ts";
import type { AuditEntry } from "./entry.ts";

/** The first line of an exported trail: what was exported, and where the trail stood. */
const headerSchema = z.strictObject({
  format: z.literal("aftershock-audit/1"),
  exportedAt: z.string(),
  /** Null where all is exported. */
  run: z.string().nullable(),
  since: z.string().nullable(),
  /** The newest entry of the trail; null: it was empty. */
  head: z.strictObject({ seq: z.int(), hash: z.string() }).nullable(),
});

export type AuditHeader = z.output<typeof headerSchema>;

const entrySchema = z.strictObject({
  seq: z.int().min(1),
  at: z.string(),
  role: z.string(),
  table: z.string(),
  op: z.enum(["existing", "insert", "update", "delete"]),
  subject: z.string(),
  entry: z.string(),
  prev: z.string(),
  hash: z.string(),
});

/** One line of an export, with its line end. */
export function auditLine(value: AuditHeader | AuditEntry): string {
  return `${JSON.stringify(value)}\n`;
}

/** Reads an export's first line. Throws AftershockError `bad_command` when it is none. */
export function parseHeader(line: string | undefined): AuditHeader {
  return parseLine(headerSchema, line ?? "", 1);
}

/** Reads a later line; `number` counts from 1. */
export function parseEntry(line: string, number: number): AuditEntry {
  return parseLine(entrySchema, line, number);
}

function parseLine<T>(schema: z.ZodType<T>, line: string, number: number): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw notAnExport(number, "it is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw notAnExport(number, `${issue?.path.join(".") || "the line"}: ${issue?.message ?? ""}`);
}

function notAnExport(line: number, why: string): AftershockError {
  return new AftershockError(
    "bad_command",
    `Line ${line} of the file is not a line of an exported trail: ${why}.`,
    "Make an export with: npx aftershock audit export --out trail.jsonl",
  );
}
