import { describe, expect, it } from "vitest";
import type { Schedule, ScheduleEvent, ScheduleEventBody } from "../../src/run/schedules/schedule.ts";
import { narrateScheduleEvents } from "../../src/slack/narrate-schedule.ts";
import { renderScheduleCard, scheduleLine } from "../../src/slack/views/schedule-card.ts";
import { renderDecision, renderRequest } from "../../src/slack/views/thread.ts";
import { testSchedule } from "../support/schedule.ts";

const place = { run: "run-1", seq: 1, at: "2026-11-29T05:00:00.000Z" };
const dueAt = "2026-11-29T05:00:00.000Z";
const shown = "<!date^1795928400^{date_short_pretty} at {time}|2026-11-29 05:00 UTC>";
const active: Schedule = {
  ...testSchedule,
  state: "active",
  approvedBy: ["U0BOB"],
  approvedUntil: "2027-02-22T10:00:00.000Z",
  nextDueAt: dueAt,
};
const life: ScheduleEventBody[] = [
  { type: "requested", by: "U0ALICE", next: [dueAt] },
  { type: "approved", by: "U0BOB", reason: "<b>", given: 1, needed: 1 },
  { type: "activated", until: "2027-02-22T10:00:00.000Z", runs: 13, next: [dueAt] },
  { type: "due", run: "run-4", dueAt, lateMs: 900, number: 1, of: 13 },
  { type: "due", run: "run-5", dueAt, lateMs: 40 * 60_000, number: 2, of: 13 },
  { type: "cannot-start", dueAt, code: "target_busy", message: "run-4 is <active>.", hint: "Wait for it." },
  { type: "missed", count: 1, first: dueAt, last: dueAt },
  { type: "missed", count: 3, first: dueAt, last: dueAt },
  { type: "denied", by: "U0BOB", reason: null },
  { type: "expired" },
  { type: "cancelled", by: "U0BOB" },
  { type: "ended", reason: "All are used." },
];
const events: ScheduleEvent[] = life.map((body, at) => ({
  ...body,
  schedule: active.id,
  seq: at + 1,
  at: "2026-11-24T10:00:00.000Z",
}));

describe("a schedule's messages", () => {
  const messages = narrateScheduleEvents(active, events);
  const text = (key: string): string => {
    const payload = messages.find((message) => message.key === key)?.payload;
    return payload?.kind === "message" ? payload.text : "";
  };
  it("are in the thread, but for the card and what people must see", () => {
    const loud = messages.filter((message) => !message.inThread).map(({ key }) => key);
    expect(loud).toEqual(["card", "event:6", "event:7", "event:8", "event:12"]);
  });
  it("say when in each reader's own zone", () => {
    expect(text("event:4")).toBe(`:arrow_forward: run-4 started, due ${shown} (1 of 13)`);
    expect(text("event:5")).toContain("40m late");
    expect(text("event:3")).toContain(shown);
  });
  it("say why nothing started, what was missed, and what to type", () => {
    expect(text("event:6")).toContain("run-4 is &lt;active&gt;.\nWait for it.");
    expect(text("event:6")).toContain("/chaos run backup-verification");
    expect(text("event:7")).toContain(`missed its time ${shown}`);
    expect(text("event:8")).toContain("missed 3 times");
    expect(text("event:2")).toContain("&lt;b&gt;");
  });
  it("show the approver what is approved", () => {
    const request = JSON.stringify(messages.find(({ key }) => key === "event:1"));
    for (const words of ["Pods are found anew each time", "for 13 runs within 90 days", "Parameters", "until"]) {
      expect(request).toContain(words);
    }
  });
});

describe("a schedule's card", () => {
  const buttons = (schedule: Schedule): string[] =>
    renderScheduleCard(schedule).blocks.flatMap((block) =>
      block.type === "actions"
        ? block.elements.map((element) => ("action_id" in element ? (element.action_id ?? "") : ""))
        : [],
    );
  it("has the buttons of its state", () => {
    expect(buttons(testSchedule)).toEqual(["aftershock:approve", "aftershock:deny"]);
    expect(buttons(active)).toEqual(["aftershock:unschedule"]);
    for (const state of ["ended", "denied", "expired", "cancelled"] as const) {
      expect(buttons({ ...active, state })).toEqual([]);
    }
  });
  it("says what its approval does: starts, or only asks", () => {
    expect(JSON.stringify(renderScheduleCard(testSchedule))).toContain("approving this schedule approves all its runs");
    const asks: Schedule = { ...testSchedule, kind: "asks", plan: { ...testSchedule.plan, risk: "high" } };
    expect(JSON.stringify(renderScheduleCard(asks))).toContain(
      "It injects a fault (risk high): each run, when it comes due, needs an approval of its own",
    );
  });
  it("shows the last problem until a run starts again", () => {
    expect(JSON.stringify(renderScheduleCard(active))).not.toContain("started nothing");
    expect(JSON.stringify(renderScheduleCard({ ...active, lastProblem: "busy" }))).toContain(
      "Nothing started when it was last due: busy",
    );
  });
  it("in one line has next time and what is left of the approval", () => {
    expect(scheduleLine({ ...active, runsUsed: 2, lastRunId: "run-5" })).toContain(
      `*schedule-7* backup-verification: active, \`0 6 * * 0\` in Europe/Berlin, next ${shown}, last run-5\n2 of 13 runs used`,
    );
  });
});

describe("the thread of a run that came due", () => {
  const requested = (kind: Schedule["kind"]): string =>
    JSON.stringify(
      renderRequest({
        type: "requested",
        by: "U0ALICE",
        plan: active.plan,
        digest: "d".repeat(64),
        expiresAt: dueAt,
        schedule: { id: active.id, kind },
        ...place,
      }),
    );
  it("mentions nobody, and says whether it starts or waits", () => {
    expect(requested("starts")).toContain("Starts by the approval of schedule-7");
    expect(requested("asks")).toContain("Needs 1 approval by somebody else");
    for (const kind of ["starts", "asks"] as const) expect(requested(kind)).not.toContain("U0ALICE");
  });
  it("says whose approval of which schedule covers it", () => {
    const decision = {
      type: "approved",
      by: "U0BOB",
      reason: "run 1 of 13 of schedule-7",
      given: 1,
      needed: 1,
    } as const;
    const covered = renderDecision({ ...decision, digest: "d".repeat(64), schedule: active.id, ...place }, null);
    expect(covered.text).toContain("Covered by the approval of schedule-7 that <@U0BOB> gave");
    expect(covered.text).toContain("run 1 of 13 of schedule-7");
  });
});
