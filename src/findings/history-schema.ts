import { z } from "zod";
import type { HistoryRecord } from "../probes/history.ts";

/** The records of `history.jsonl` (docs/history.md), for reading what others may have written. Unknown fields are dropped. */
const ms = z.number();
const text = z.string().min(1);
const positive = z.int().min(1);
const kind = z.enum(["write", "read"]);
const flat = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const client = z.object({
  id: text,
  kind,
  title: z.string(),
  reads: text.exactOptional(),
  ratePerSecond: z.number().positive(),
  timeoutMs: z.number().positive(),
});

export const historyRecordSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("header"),
    schemaVersion: z.literal(1),
    run: text,
    experiment: text,
    system: text,
    zeroAt: z.iso.datetime(),
    clients: z.array(client),
    wayIn: z.literal("port-forward").exactOptional(),
    members: z.array(text),
  }),
  z.object({
    type: z.literal("op"),
    client: text,
    kind,
    seq: positive,
    plannedMs: ms,
    startMs: ms,
    endMs: ms,
    outcome: z.enum(["ok", "fail", "unknown"]),
    member: text.exactOptional(),
    error: z.string().exactOptional(),
    seen: z.int().min(0).exactOptional(),
    offset: z.int().min(0).exactOptional(),
  }),
  z.object({ type: z.literal("event"), atMs: ms, source: text, event: text, detail: z.record(z.string(), flat) }),
  z.object({
    type: z.literal("phase"),
    atMs: ms,
    phase: z.enum(["baseline", "injecting", "active", "healing", "recovery", "final-reads"]),
  }),
  z.object({
    type: z.literal("final-read"),
    atMs: ms,
    member: text,
    client: text,
    role: z.string(),
    authoritative: z.boolean(),
    ranges: z.array(z.tuple([positive, positive]).refine(([from, to]) => from <= to, "a range that runs backwards")),
    error: z.string().exactOptional(),
  }),
  z.object({ type: z.literal("setting"), member: text, name: text, value: z.string() }),
  z.object({
    type: z.literal("schedule"),
    client: text,
    planned: z.int().min(0),
    sent: z.int().min(0),
    notSent: z.int().min(0),
    lateP99Ms: ms,
    lateMaxMs: ms,
  }),
  z.object({ type: z.literal("loop-delay"), p99Ms: ms, maxMs: ms }),
]) satisfies z.ZodType<HistoryRecord>;
