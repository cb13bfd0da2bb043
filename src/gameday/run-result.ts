import type { RunEvent } from "../run/events.ts";
import { isTerminal, type RunState } from "../run/lifecycle.ts";
import { longestWords as most, type RunResult } from "./events.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/**
 * What came of a run, from its events: how it ended and why, and what its report says. A run that was not judged has no
 * verdicts. Pure.
 */
export function resultOf(state: RunState, events: readonly RunEvent[]): RunResult {
  const judged = events.findLast((event): event is EventOf<"judged"> => event.type === "judged")?.report;
  const ended = events.findLast(
    (event): event is EventOf<"state"> => event.type === "state" && event.to === state && isTerminal(event.to),
  );
  const failed = events.find((event): event is EventOf<"guard"> => event.type === "guard" && !event.ok);
  const reason = state === "completed" ? null : (ended?.reason ?? null);
  return {
    state,
    reason: reason?.slice(0, most) ?? null,
    verdicts: judged?.verdicts ?? null,
    lost: judged?.writes.total.lost ?? null,
    findings: judged?.findings.length ?? 0,
    guard:
      failed === undefined
        ? null
        : {
            title: failed.title.slice(0, most),
            measured: failed.measured.slice(0, most),
            bound: failed.bound.slice(0, most),
          },
  };
}
