import type { RunEvent } from "../../run/events.ts";
import { escapeText } from "../limits.ts";
import { person, timeOfDay } from "./words.ts";

type Approved = Extract<RunEvent, { type: "approved" }>;

/** Approvals that stand, in the order of giving: those that were taken back are gone. */
export function standingApprovals(events: readonly RunEvent[]): Approved[] {
  const standing = new Map<string, Approved>();
  for (const event of events) {
    if (event.type !== "approved" && event.type !== "revoked") continue;
    standing.delete(event.by);
    if (event.type === "approved") standing.set(event.by, event);
  }
  return [...standing.values()];
}

/** Who approved, when, and why; a line each. */
export function approvalLines(events: readonly RunEvent[]): string[] {
  return standingApprovals(events).map(({ by, at, reason, schedule }) => {
    const through = schedule === undefined ? "" : ` through ${escapeText(schedule)}`;
    return `${person(by)} at ${timeOfDay(at)}${through}${reason === null ? "" : `: ${escapeText(reason)}`}`;
  });
}

/** How many approvals are needed: as the plan said, or as the last approval was told when the policy wanted more. */
export function neededApprovals(planned: number, events: readonly RunEvent[]): number {
  const last = events.findLast((event) => event.type === "approved");
  return last?.type === "approved" ? last.needed : planned;
}
