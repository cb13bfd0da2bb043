import { buildReport } from "../../../src/findings/build-report.ts";
import type { Explanation } from "../../../src/approvals/explain.ts";
import type { Policy } from "../../../src/approvals/policy.ts";
import type { Report } from "../../../src/findings/report.ts";
import type { RunEvent, RunEventBody, RunEventType } from "../../../src/run/events.ts";
import type { HealStepName } from "../../../src/run/ladder/steps.ts";
import { runStates } from "../../../src/run/lifecycle.ts";
import type { Schedule, ScheduleEvent, ScheduleEventBody, ScheduleState } from "../../../src/run/schedules/schedule.ts";
import type { OpenAlarm } from "../../../src/run/alarms/service.ts";
import type { Halt, HaltEvent } from "../../../src/run/halt/halt.ts";
import type { Standing } from "../../../src/run/halt/service.ts";
import type { Overview } from "../../../src/run/overview/overview.ts";
import type { Notice } from "../../../src/run/notice.ts";
import type { PastRun } from "../../../src/findings/comparison/past-run.ts";
import type { RunRow } from "../../../src/run/service.ts";
import { plan } from "../../support/database.ts";
import { splitBrain } from "../../support/history-builder.ts";
import { testSchedule } from "../../support/schedule.ts";
import { overviewsOf } from "./overview-samples.ts";
import { pastRuns } from "./past-samples.ts";
import { explanations, haltEvents, halts, notices, openAlarms, policy, standings } from "./more-samples.ts";

const at = "2026-01-01T00:00:00.000Z";

const report: Report = buildReport({
  history: splitBrain(),
  run: {
    id: "run-1",
    experiment: "e",
    title: "t",
    hypothesis: "h",
    state: "completed",
    system: "redis-sentinel",
    cluster: "c",
    namespace: "n",
    parameters: { rate: 100 },
    requestedBy: "U0ALICE",
    approvedBy: ["U0BOB"],
    planDigest: "d",
    startedAt: at,
    endedAt: at,
    reason: "r",
  },
  runVerdict: "completed",
  cleanupVerdict: "unverified",
  guards: [],
  cleanup: [],
});

const client = { client: "c", kind: "write", member: "m", ok: 1, fail: 1, unknown: 1, okPerSecond: 1 } as const;

/** As long as Kubernetes allows. */
const longPods = Array.from({ length: 10 }, (_u, number) => `${"p".repeat(250)}-${number}`);

const healSteps: readonly HealStepName[] = [
  "delete",
  "unreachable",
  "gone",
  "stuck",
  "restart-offered",
  "forced",
  "gave-up",
];

/** At least one of every kind of event. A new kind is a line here; without it this does not compile. */
const events: Readonly<Record<RunEventType, readonly RunEventBody[]>> = {
  requested: [
    { type: "requested", by: "U0ALICE", plan, digest: "d".repeat(64), expiresAt: at },
    {
      type: "requested",
      by: "U0ALICE",
      plan,
      digest: "d",
      expiresAt: at,
      schedule: { id: "schedule-1", kind: "asks" },
    },
  ],
  approved: [
    { type: "approved", by: "U0BOB", reason: "why", digest: "d", given: 1, needed: 2 },
    { type: "approved", by: "U0BOB", reason: null, digest: "d", given: 2, needed: 2, schedule: "schedule-1" },
  ],
  denied: [{ type: "denied", by: "U0BOB", reason: "why" }],
  expired: [{ type: "expired" }],
  "abort-requested": [{ type: "abort-requested", by: "U0BOB", reason: "why" }],
  revoked: [{ type: "revoked", by: "U0BOB", reason: "why", given: 0, needed: 2 }],
  "approval-void": [{ type: "approval-void", reason: "why" }],
  halted: [{ type: "halted", halt: "halt-1", by: "U0BOB", reason: "why" }],
  state: runStates.map((to) => ({ type: "state", from: "active", to, reason: "why", atMs: 1 })),
  claimed: [{ type: "claimed", worker: "w", fence: 2, takenOver: true }],
  guard: Array.from({ length: 30 }, (_u, number) => ({
    type: "guard",
    id: "g",
    title: "t",
    ok: number % 2 === 0,
    measured: "m",
    bound: "b",
    hint: "h",
  })),
  topology: [{ type: "topology", summary: "s", groups: { master: ["redis-0"] } }],
  "probe-status": [
    {
      type: "probe-status",
      phase: "active",
      status: {
        atMs: 1,
        clients: Array.from({ length: 30 }, () => ({
          ...client,
          p50Ms: null,
          p99Ms: 1,
          okRatio: [1, null, 0],
        })),
      },
    },
  ],
  system: Array.from({ length: 60 }, (_u, number) => ({
    type: "system",
    atMs: number * 5000,
    source: "s",
    event: "e",
    detail: { member: "m", kind: "k", text: "t" },
  })),
  "fault-intended": [
    { type: "fault-intended", fault: "f", kind: "NetworkChaos", name: "n", namespace: "ns", pods: ["p", "q"] },
    { type: "fault-intended", fault: "f", kind: "ScratchPostgres", name: "n", namespace: "ns", pods: [] },
  ],
  "fault-injected": [
    { type: "fault-injected", fault: "f", kind: "NetworkChaos", name: "n", atMs: 1, tookMs: 1 },
    { type: "fault-injected", fault: "f", kind: "ScratchPostgres", name: "n", atMs: 1, tookMs: 1 },
  ],
  "fault-removed": [{ type: "fault-removed", fault: "f", kind: "NetworkChaos", name: "n", atMs: 1, tookMs: 1 }],
  "healing-proof": [
    { type: "healing-proof", what: "w", ok: false, detail: "d" },
    { type: "healing-proof", what: "w", ok: true, detail: "d" },
  ],
  "heal-step": healSteps.map((step) => ({
    type: "heal-step",
    step,
    kind: "NetworkChaos",
    namespace: "ns",
    name: "n",
    afterMs: 1,
    detail: "d",
    pods: longPods,
  })),
  "alarm-raised": [
    {
      type: "alarm-raised",
      target: "t",
      reasons: Array.from({ length: 20 }, () => "r"),
      look: Array.from({ length: 20 }, () => "l"),
      mend: Array.from({ length: 20 }, () => "m"),
      pods: longPods,
      people: ["U0BOB", "somebody"],
      groups: ["S0DBA", "some group"],
      channel: "C2",
    },
  ],
  "alarm-paged": [
    { type: "alarm-paged", number: 1, againAfterMs: 60_000 },
    { type: "alarm-paged", number: 2, againAfterMs: 120_000 },
  ],
  "alarm-acknowledged": [{ type: "alarm-acknowledged", by: "U0BOB" }],
  "alarm-checked": [
    { type: "alarm-checked", by: null, problem: "p" },
    { type: "alarm-checked", by: "U0BOB", problem: "p" },
  ],
  "alarm-resolved": [{ type: "alarm-resolved", proofs: ["p"] }],
  "restart-asked": [{ type: "restart-asked", pod: "p", by: "U0BOB" }],
  "restart-done": [{ type: "restart-done", pod: "p", ok: false, detail: "d" }],
  "leftover-healed": [true, false].map((ok) => ({
    type: "leftover-healed",
    kind: "k",
    name: "n",
    ok,
    detail: "d",
    tookMs: 1,
  })),
  "audit-head": [{ type: "audit-head", entry: 7, hash: "f".repeat(64) }],
  converged: [
    { type: "converged", ok: false, summary: "s", tookMs: 1 },
    { type: "converged", ok: true, summary: "s", tookMs: 1 },
  ],
  "stop-condition": [{ type: "stop-condition", id: "i", measured: "m", bound: "b" }],
  problem: [{ type: "problem", code: "c", message: "m", hint: "h" }],
  judged: [
    { type: "judged", report, artifacts: ["chart.png", "report.md"] },
    {
      type: "judged",
      report,
      artifacts: ["chart.png", "chart-members.png"],
      charts: [{ file: "chart.png", alt: "a" }],
    },
  ],
  exported: [
    {
      type: "exported",
      by: "U0ALICE",
      file: "run-1-export.zip",
      bytes: 312_000,
      sha256: "ab".repeat(32),
      files: [{ name: "report.md", bytes: 812 }],
    },
  ],
};

const scheduleEvents: Readonly<Record<ScheduleEventBody["type"], readonly ScheduleEventBody[]>> = {
  requested: [{ type: "requested", by: "U0ALICE", next: [at, at] }],
  approved: [{ type: "approved", by: "U0BOB", reason: "why", given: 1, needed: 1 }],
  activated: [{ type: "activated", until: at, runs: 3, next: [at] }],
  denied: [{ type: "denied", by: "U0BOB", reason: "why" }],
  expired: [{ type: "expired" }],
  cancelled: [{ type: "cancelled", by: "U0BOB" }],
  due: [{ type: "due", run: "run-1", dueAt: at, lateMs: 120_000, number: 1, of: 3 }],
  "cannot-start": [{ type: "cannot-start", dueAt: at, code: "c", message: "m", hint: "h" }],
  missed: [{ type: "missed", count: 2, first: at, last: at }],
  ended: [{ type: "ended", reason: "why" }],
};

const run: RunRow = {
  id: "run-1",
  experiment: plan.experiment,
  state: "requested",
  plan,
  digest: "d".repeat(64),
  requestedBy: "U0ALICE",
  teamId: "T1",
  channelId: "C1",
  approvedBy: ["U0BOB", "U0CAROL"],
  createdAt: at,
  expiresAt: at,
  endedAt: null,
  abortRequestedBy: null,
};

const scheduleStates: readonly ScheduleState[] = ["requested", "active", "ended", "denied", "expired", "cancelled"];

/** Everything that a view can be given, in every state. */
export interface Samples {
  runs: RunRow[];
  events: RunEvent[];
  report: Report;
  schedules: Schedule[];
  scheduleEvents: ScheduleEvent[];
  halts: readonly Halt[];
  haltEvents: readonly HaltEvent[];
  standings: readonly Standing[];
  alarms: readonly OpenAlarm[];
  notices: readonly Notice[];
  pastRuns: readonly PastRun[];
  policy: Policy;
  explanations: readonly Explanation[];
  overviews: readonly Overview[];
}

const runs: RunRow[] = runStates.flatMap((state) => [
  { ...run, state },
  { ...run, state, abortRequestedBy: "U0BOB", approvedBy: [], endedAt: at, plan: { ...plan, faults: [] } },
]);
const schedules: Schedule[] = scheduleStates.flatMap((state) => [
  { ...testSchedule, state },
  {
    ...testSchedule,
    state,
    kind: "asks",
    profile: "p",
    lastProblem: "why",
    lastRunId: "run-1",
    nextDueAt: at,
    approvedUntil: at,
  },
]);

export const samples: Samples = {
  runs,
  events: Object.values(events)
    .flat()
    .map((body, number) => ({ ...body, run: "run-1", seq: number + 1, at })),
  report,
  schedules,
  scheduleEvents: Object.values(scheduleEvents)
    .flat()
    .map((body, number) => ({ ...body, schedule: "schedule-7", seq: number + 1, at })),
  halts,
  haltEvents,
  standings,
  alarms: openAlarms(run),
  notices,
  pastRuns,
  policy,
  explanations,
  overviews: overviewsOf(runs, schedules),
};
