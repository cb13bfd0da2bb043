import type { Explanation } from "../../../src/approvals/explain.ts";
import type { Policy } from "../../../src/approvals/policy.ts";
import type { Alarm } from "../../../src/run/alarms/alarm.ts";
import type { OpenAlarm } from "../../../src/run/alarms/service.ts";
import type { Halt, HaltCluster, HaltEvent } from "../../../src/run/halt/halt.ts";
import type { Standing } from "../../../src/run/halt/service.ts";
import { runStates } from "../../../src/run/lifecycle.ts";
import type { Notice } from "../../../src/run/notice.ts";
import type { RunRow } from "../../../src/run/service.ts";

const at = "2026-01-01T00:00:00.000Z";
const later = new Date("2026-01-05T00:00:00.000Z");

const halt: Halt = {
  id: "halt-1",
  latch: "00000000-0000-4000-8000-000000000001",
  by: "U0BOB",
  reason: "why",
  channelId: "C1",
  fromCluster: "lab",
  at,
  settledAt: null,
  resumedBy: null,
  resumeReason: null,
  resumedAt: null,
};
export const halts: readonly Halt[] = [
  halt,
  { ...halt, by: "joe@laptop", fromCluster: null, resumedBy: "U0ALICE", resumeReason: "why", resumedAt: at },
];
const clusters: HaltCluster[] = Array.from({ length: 5 }, () => ({
  cluster: "c",
  state: "unreachable",
  problem: "p",
}));
const haltedRuns = Array.from({ length: 50 }, (_u, number) => ({
  run: `run-${number}`,
  was: runStates[number % runStates.length] ?? "active",
  goneAfterMs: number % 2 === 0 ? 2000 : null,
  proven: number % 3 !== 0,
}));
export const haltEvents: readonly HaltEvent[] = (
  [
    { type: "halted", by: "U0BOB", reason: "why", fromCluster: "c" },
    ...haltedRuns.map(({ run, was }) => ({ type: "run-stopped", run, was }) as const),
    ...clusters.map((cluster) => ({ type: "cluster", ...cluster }) as const),
    { type: "settled", runs: haltedRuns },
    { type: "resumed", by: "joe@laptop", reason: "why" },
  ] as const
).map((body, number) => ({ ...body, halt: "halt-1", seq: number + 1, at }) as HaltEvent);
export const standings: readonly Standing[] = halts.flatMap((each) => [
  { halt: each, clusters, runs: null },
  { halt: each, clusters, runs: haltedRuns },
]);

const alarm: Alarm = {
  runId: "run-1",
  cluster: "c",
  targetKey: "k",
  state: "raised",
  reasons: ["r", "s"],
  raisedAt: at,
  acknowledgedBy: null,
  acknowledgedAt: null,
  resolvedAt: null,
  pages: 2,
  lastProblem: null,
};

/** Twenty of them, in every state. */
export const openAlarms = (run: RunRow): OpenAlarm[] =>
  Array.from({ length: 20 }, (_u, number): OpenAlarm => ({
    run,
    alarm:
      number % 3 === 0
        ? alarm
        : number % 3 === 1
          ? { ...alarm, state: "acknowledged", acknowledgedBy: "U0BOB", acknowledgedAt: at, lastProblem: "p" }
          : { ...alarm, state: "resolved", resolvedAt: at },
  }));

export const notices: readonly Notice[] = [true, false].map((ok) => ({
  kind: "leftover",
  cluster: "c",
  what: "w",
  run: "run-1",
  ok,
  detail: "d",
  tookMs: 1,
}));

const people = { anyone: false, users: ["U0BOB", "somebody"], groups: ["S0DBA", "some group"] };
const match = { environments: ["e", "f"], systems: ["s"], experiments: ["x"], risks: ["high" as const] };
const weekly = { kind: "weekly", timeZone: "Europe/Berlin", days: [1, 5], fromMinute: 540, untilMinute: 1020 } as const;
const once = {
  kind: "once",
  timeZone: "UTC",
  from: { year: 2026, month: 12, day: 20, minute: 0 },
  until: { year: 2027, month: 1, day: 2, minute: 0 },
} as const;
const rule = {
  name: "n",
  match,
  times: [weekly, once],
  requesters: people,
  required: 2,
  approvers: people,
  expiresAfterMs: 900_000,
  limits: { namespaces: ["ns"], maxDurationMs: 60_000, onePrimaryAtATime: true },
};
export const policy: Policy = {
  teamId: "T1",
  environments: { lab: "e" },
  rules: Array.from({ length: 30 }, () => rule),
  freezes: Array.from({ length: 30 }, (_u, number) => ({ name: "n", match, window: number % 2 === 0 ? weekly : once })),
  resumers: people,
  groupNames: { S0DBA: "g" },
};
const refusal = { allowed: false, message: "m", hint: "h" } as const;
const explanation: Explanation = {
  subject: {
    id: "run-1",
    requestedBy: "U0ALICE",
    experiment: "x",
    system: "s",
    cluster: "c",
    risk: "high",
    plan: { namespace: "ns", durationMs: 1, digest: "d" },
  },
  environment: "e",
  rule,
  otherTimes: [],
  mayAsk: refusal,
  mayApprove: refusal,
  frozen: { name: "n", until: later },
  nextFreeze: null,
  primaryHitBy: "run-2",
  policy,
};
export const explanations: readonly Explanation[] = [
  explanation,
  { ...explanation, rule: null, otherTimes: [rule, rule], frozen: null, nextFreeze: { name: "n", from: later } },
  { ...explanation, mayAsk: { allowed: true }, mayApprove: { allowed: true }, frozen: null },
  { ...explanation, rule: { ...rule, required: 0, times: null }, otherTimes: [], mayAsk: { allowed: true } },
];
