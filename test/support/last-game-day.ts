import type { GameDayEvent, GameDayEventBody } from "../../src/gameday/events.ts";
import type { Past } from "../../src/gameday/retrospective/build.ts";
import { planEvents } from "../../src/gameday/plan.ts";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import type { ProbeStatus } from "../../src/probes/system.ts";
import { samples } from "../slack/property/samples.ts";
import { ana, bob, cleo, dan, someItem, somePlan } from "../gameday/model.ts";
import { testAction } from "./actions.ts";

/** Seconds after nine, as every clock of this game day counts. */
export const at = (seconds: number): string => new Date(Date.UTC(2026, 11, 1, 9, 0, 0, seconds * 1000)).toISOString();

const status = (failed: number): ProbeStatus => ({
  atMs: 0,
  clients: [
    {
      client: "follower",
      kind: "write",
      ok: 100,
      fail: failed,
      unknown: 0,
      okPerSecond: 100,
      p50Ms: 1,
      p99Ms: 2,
      member: "redis-0",
      okRatio: [1],
    },
  ],
});

const { report } = samples;
const verdicts = report.verdicts;

/** Item 1 as it ran: injected at 100 s, one failed operation before that, seen at 112.5 s, detected at 103.25 s. */
const ofRun: ReadonlyArray<readonly [number, RunEventBody]> = [
  [90, { type: "state", from: "approved", to: "baseline", reason: null, atMs: 0 }],
  [95, { type: "probe-status", status: status(1), phase: "baseline" }],
  [100, { type: "fault-injected", fault: "partition", kind: "NetworkChaos", name: "n", atMs: 5000, tookMs: 20 }],
  [101, { type: "probe-status", status: status(1), phase: "active" }],
  [103.25, { type: "probe-status", status: status(7), phase: "active" }],
  [104, { type: "stop-condition", id: "ok-ratio", measured: "0.2", bound: "0.5" }],
  [115, { type: "fault-removed", fault: "partition", kind: "NetworkChaos", name: "n", atMs: 20_000, tookMs: 30 }],
  [125.5, { type: "converged", ok: true, summary: "one master", tookMs: 10_000 }],
  [130, { type: "judged", report, artifacts: [] }],
  [131, { type: "state", from: "judging", to: "completed", reason: null, atMs: null }],
];
/** Item 4: a guard stopped it. */
const ofStopped: ReadonlyArray<readonly [number, RunEventBody]> = [
  [300, { type: "guard", id: "g", title: "A healthy replica", ok: false, measured: "0", bound: "1", hint: "wait" }],
  // It is judged all the same: its report says that nothing was injected.
  [300.5, { type: "judged", report: { ...report, findings: [] }, artifacts: [] }],
  [301, { type: "state", from: "preflight", to: "failed", reason: "A guard does not hold.", atMs: null }],
];

const ofDay: ReadonlyArray<readonly [number, GameDayEventBody]> = [
  [1, { type: "role-taken", by: bob, user: bob, role: "operator", from: null }],
  [2, { type: "joined", by: cleo }],
  [3, { type: "role-taken", by: cleo, user: cleo, role: "scribe", from: null }],
  [4, { type: "joined", by: dan }],
  [5, { type: "started", by: ana }],
  [6, { type: "item-put", by: ana, item: 1 }],
  [7, { type: "predicted", by: bob, item: 1, hypothesis: "held", loss: "some" }],
  [8, { type: "predicted", by: dan, item: 1, hypothesis: "refuted", loss: null }],
  [9, { type: "voted", by: ana, item: 1, vote: "go", reason: null }],
  [10, { type: "decided", item: 1, vote: "go", reason: null }],
  [11, { type: "run-requested", item: 1, run: "run-1", state: "requested" }],
  [
    50,
    { type: "noted", by: cleo, text: "before anything", source: "typed", link: null, author: null, key: null, item: 1 },
  ],
  [100.5, { type: "run-moved", item: 1, run: "run-1", state: "active" }],
  [
    112.5,
    {
      type: "noted",
      by: cleo,
      text: "checkout is slow",
      source: "typed",
      link: null,
      author: null,
      key: null,
      item: 1,
    },
  ],
  [113, { type: "effect-seen", by: bob, item: 1 }],
  [
    132,
    {
      type: "run-ended",
      item: 1,
      run: "run-1",
      result: { state: "completed", reason: null, verdicts, lost: report.writes.total.lost, findings: 4, guard: null },
    },
  ],
  [140, { type: "item-put", by: ana, item: 2 }],
  [141, { type: "voted", by: bob, item: 2, vote: "no-go", reason: "the backup failed" }],
  [142, { type: "decided", item: 2, vote: "no-go", reason: "the backup failed" }],
  [150, { type: "paused", by: ana, reason: "lunch" }],
  [200, { type: "resumed", by: ana }],
  [205, { type: "left", by: dan, why: "left" }],
  [290, { type: "item-put", by: ana, item: 4 }],
  [291, { type: "decided", item: 4, vote: "go", reason: null }],
  [292, { type: "run-requested", item: 4, run: "run-2", state: "requested" }],
  [
    302,
    {
      type: "run-ended",
      item: 4,
      run: "run-2",
      result: {
        state: "failed",
        reason: "A guard does not hold.",
        verdicts: null,
        lost: null,
        findings: 0,
        guard: { title: "A healthy replica", measured: "0", bound: "1" },
      },
    },
  ],
  [400, { type: "skipped", by: ana, item: 3, reason: "no time" }],
  [401, { type: "ended", by: ana, reason: "done for today" }],
];

const runEvents = (run: string, bodies: ReadonlyArray<readonly [number, RunEventBody]>): RunEvent[] =>
  bodies.map(([seconds, body], nth) => ({ ...body, run, seq: nth + 1, at: at(seconds) }));

/** A whole game day: an item that ran, a no-go, one that was skipped, one that a guard stopped. */
export function lastGameDay(): Past {
  const items = ["redis-split-brain", "etcd-quorum-loss", "kafka-broker-loss", "patroni-failover"].map(
    (experiment) => ({
      ...someItem,
      experiment,
      title: experiment,
    }),
  );
  const planned = planEvents(ana, { ...somePlan, items }).map((body) => [0, body] as const);
  const events: GameDayEvent[] = [...planned, ...ofDay].map(([seconds, body], nth) => ({
    ...body,
    gameDay: "gameday-1",
    seq: nth + 1,
    at: at(seconds),
  }));
  return {
    identity: { id: "gameday-1", teamId: "T1", channelId: "C1" },
    events,
    runs: { "run-1": runEvents("run-1", ofRun), "run-2": runEvents("run-2", ofStopped) },
    actions: [testAction],
  };
}
