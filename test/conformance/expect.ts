import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Refused, type Client, type Ref, type Thing } from "./client.ts";

/** What the cases read and wait for. All failures are sentences: they are the suite's only output on a case. */

export interface ChaosRecord {
  id: string;
  selectorKey: string;
  phase: string;
  injectedCount: number;
  recoveredCount: number;
  events: Array<{ type: string; operation: string; message?: string; timestamp: string }>;
}

/** As Chaos Mesh writes them: counts of zero may be left out. */
export function recordsOf(thing: Thing): ChaosRecord[] {
  const experiment = Object(thing.status?.["experiment"]) as { containerRecords?: Array<Partial<ChaosRecord>> };
  return (experiment.containerRecords ?? []).map((record) => ({
    id: record.id ?? "",
    selectorKey: record.selectorKey ?? "",
    phase: record.phase ?? "",
    injectedCount: record.injectedCount ?? 0,
    recoveredCount: record.recoveredCount ?? 0,
    events: record.events ?? [],
  }));
}

export function desiredPhaseOf(thing: Thing): string {
  return String((Object(thing.status?.["experiment"]) as { desiredPhase?: unknown }).desiredPhase ?? "");
}

/** Condition types to their status; Chaos Mesh writes four, in any order. */
export function conditionsOf(thing: Thing): Record<string, string> {
  const list = (thing.status?.["conditions"] ?? []) as Array<{ type: string; status: string }>;
  return Object.fromEntries(list.map(({ type, status }) => [type, status]));
}

export function everyRecord(thing: Thing, phase: string): boolean {
  const records = recordsOf(thing);
  return records.length > 0 && records.every((record) => record.phase === phase);
}

/** Waits until `holds`; fails with what was last seen. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  withinMs = 20_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() >= end) assert.fail(`${what}: not within ${withinMs / 1000} s; last seen ${shown(seen)}`);
    await pause(150);
  }
}

/** Fails as soon as `holds` does not; for what must stay so. */
export async function throughout<T>(
  what: string,
  forMs: number,
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
): Promise<void> {
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    const seen = await look();
    if (!holds(seen)) assert.fail(`${what}: not for ${forMs / 1000} s; seen ${shown(seen)}`);
    await pause(250);
  }
}

export async function read(client: Client, ref: Ref): Promise<Thing> {
  const thing = await client.get(ref);
  assert.ok(thing !== null, `${ref.kind} ${ref.name} is not there`);
  return thing;
}

/** Until every record is `Injected`, and the conditions have followed. */
export function injected(client: Client, ref: Ref, withinMs?: number): Promise<Thing> {
  return eventually(
    `${ref.kind} ${ref.name} is Injected`,
    () => read(client, ref),
    (thing) => everyRecord(thing, "Injected") && conditionsOf(thing)["AllInjected"] === "True",
    withinMs,
  );
}

export async function gone(client: Client, ref: Ref, withinMs?: number): Promise<void> {
  await eventually(
    `${ref.kind} ${ref.name} is gone`,
    () => client.get(ref),
    (thing) => thing === null,
    withinMs,
  );
}

/** Fails unless the server refuses, in words that match. */
export async function refuses(what: string, work: () => Promise<unknown>, words: RegExp): Promise<Refused> {
  let taken: unknown;
  try {
    taken = await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    assert.match(error.message, words, `${what}: refused in other words`);
    return error;
  }
  return assert.fail(`${what}: taken, not refused: ${shown(taken)}`);
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length <= 600 ? text : `${text.slice(0, 600)}…`;
}
