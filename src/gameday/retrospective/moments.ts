import type { RunEvent } from "../../run/events.ts";
import type { GameDayEvent } from "../events.ts";
import type { ItemRecord } from "./record.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** What was observed of one item; all by PostgreSQL's clock, so that people's and machines' moments can be compared. */
export type Moments = Pick<
  ItemRecord,
  | "injectedAt"
  | "firstSeen"
  | "detected"
  | "healedAt"
  | "recoveredAt"
  | "toSeeMs"
  | "toDetectMs"
  | "toHealMs"
  | "toRecoverMs"
>;

/** The moments of an item from its run's events and the game day's. What was not observed is null, never guessed. Pure. */
export function momentsOf(item: number, run: readonly RunEvent[], day: readonly GameDayEvent[]): Moments {
  const injectedAt = run.find(({ type }) => type === "fault-injected")?.at ?? null;
  const endedAt = run.findLast(({ type }) => type === "judged" || type === "state")?.at ?? null;
  const firstSeen = injectedAt === null ? null : seenBy(item, { from: injectedAt, until: endedAt }, day);
  const detected = injectedAt === null ? null : detectedBy(run, injectedAt);
  const healedAt = healed(run);
  const recoveredAt = injectedAt === null ? null : (run.findLast(isConverged)?.at ?? null);
  const since = (at: string | null): number | null =>
    at === null || injectedAt === null ? null : Math.max(0, Date.parse(at) - Date.parse(injectedAt));
  return {
    injectedAt,
    firstSeen,
    detected,
    healedAt,
    recoveredAt,
    toSeeMs: since(firstSeen?.at ?? null),
    toDetectMs: since(detected?.at ?? null),
    toHealMs: since(healedAt),
    toRecoverMs: since(recoveredAt),
  };
}

const isConverged = (event: RunEvent): boolean => event.type === "converged" && event.ok;

/** The first "I see it" or note about the item between injection and the end of its run. */
function seenBy(
  item: number,
  { from, until }: { from: string; until: string | null },
  day: readonly GameDayEvent[],
): ItemRecord["firstSeen"] {
  const inTime = (at: string): boolean =>
    Date.parse(at) >= Date.parse(from) && (until === null || Date.parse(at) <= Date.parse(until));
  for (const event of day) {
    if (!inTime(event.at)) continue;
    if (event.type === "effect-seen" && event.item === item) return { at: event.at, by: event.by, how: "effect-seen" };
    if (event.type === "noted" && event.item === item) return { at: event.at, by: event.by, how: "note" };
  }
  return null;
}

/**
 * What the bot measured first after the injection: a stop condition that was met, or operations of its probes that did not
 * succeed, beyond those before. Alerts of the team's own are known only where a stop condition asks for them.
 */
function detectedBy(run: readonly RunEvent[], injectedAt: string): ItemRecord["detected"] {
  let before = 0;
  for (const event of run) {
    const isAfter = Date.parse(event.at) >= Date.parse(injectedAt);
    if (event.type === "probe-status") {
      const notOk = event.status.clients.reduce((sum, { fail, unknown }) => sum + fail + unknown, 0);
      if (isAfter && notOk > before) return { at: event.at, how: "probe", what: firstFailing(event) };
      if (!isAfter) before = notOk;
    }
    if (event.type === "stop-condition" && isAfter) {
      return { at: event.at, how: "stop-condition", what: `${event.id}: ${event.measured}, bound ${event.bound}` };
    }
  }
  return null;
}

function firstFailing({ status }: EventOf<"probe-status">): string {
  const failing = status.clients.filter(({ fail, unknown }) => fail + unknown > 0).map(({ client }) => client);
  return `operations of ${failing.join(", ")} did not succeed`;
}

/** Null unless every fault that was injected was removed. */
function healed(run: readonly RunEvent[]): string | null {
  const injected = new Set(run.flatMap((event) => (event.type === "fault-injected" ? [event.fault] : [])));
  const removed = run.filter((event) => event.type === "fault-removed" && injected.has(event.fault));
  const names = new Set(removed.flatMap((event) => (event.type === "fault-removed" ? [event.fault] : [])));
  if (injected.size === 0 || [...injected].some((fault) => !names.has(fault))) return null;
  return removed.at(-1)?.at ?? null;
}
