import { expect, it } from "vitest";
import type { RunEvent } from "../../src/run/events.ts";
import { isTold, renderSystem } from "../../src/slack/views/system.ts";

type SystemEvent = Extract<RunEvent, { type: "system" }>;
const told = (event: string, detail: SystemEvent["detail"]): string => {
  const about = { type: "system", atMs: 6000, source: "postgresql-0", event, detail } as unknown as SystemEvent;
  return isTold(about) ? JSON.stringify(renderSystem("x", [about], 5000)) : "";
};

it.each<[string, SystemEvent["detail"], string]>([
  ["server", { up: false, error: "refused" }, "is down: refused"],
  ["server", { up: true, recovering: true, startedAt: "2026-01-01T00:00:00.000Z" }, "is up as a replica, started 2026"],
  [
    "measured",
    { query: "write", stage: "during", medianMs: 203.25, answered: 9, failed: 1 },
    "write during the fault: 203.3 ms (median of 9, 1 failed)",
  ],
  ["measured", { query: "write", stage: "during", medianMs: null, answered: 0, failed: 3 }, "no answer"],
  ["amcheck", { exitCode: 0, problem: "" }, "found nothing"],
  ["amcheck", { exitCode: 2, problem: "heap table" }, "ended with 2: heap table"],
  ["checksums", { before: 0, now: 3 }, "3 failures, 0 before the fault"],
  ["content", { rows: 5012, hash: "77", error: null }, "5012 rows, hash 77"],
  ["not-measured", { problem: "refused" }, "refused"],
])("the thread has words for %s %o", (event, detail, words) => expect(told(event, detail)).toContain(words));

it("the thread leaves out the server's counters", () => expect(told("statistics", { stage: "before" })).toBe(""));
