import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import type { ClientInfo, FinalRead, History, Operation, TimelineEvent } from "../../src/probes/history.ts";
import { event, finalRead, history, op } from "./history-builder.ts";

const client = (id: string, kind: "read" | "write"): ClientInfo => ({
  id,
  kind,
  title: id,
  ratePerSecond: 100,
  timeoutMs: 1000,
  ...(kind === "read" ? { reads: "follower" } : {}),
});
const members = ["postgresql-0", "postgresql-1", "postgresql-2"];

export interface Fault {
  action: "pod-kill" | "partition";
  /** Until when the old primary takes writes, from the fault at 5 s. */
  acceptsUntilMs?: number;
  promoted?: boolean;
  rejoins?: boolean;
}

/** 100 writes/s for 40 s; postgresql-0 is hit at 5 s, postgresql-1 is promoted at 25 s, the fault ends at 30 s. */
export function hit({ action, acceptsUntilMs = 5000, promoted = true, rejoins = true }: Fault): History {
  const operations: Operation[] = [];
  const kept: FinalRead["ranges"] = [];
  for (let seq = 1; seq <= 4000; seq += 1) {
    const at = seq * 10;
    const onNew = promoted && at >= 25_000;
    const refused = !onNew && at >= acceptsUntilMs;
    const member = onNew ? "postgresql-1" : "postgresql-0";
    operations.push(
      op({ client: "follower", seq, at, member, ...(refused ? { outcome: "fail" as const, error: "refused" } : {}) }),
    );
    operations.push(op({ client: "replica-reads", kind: "read", seq, at, member: "postgresql-2", seen: seq }));
    if (refused || (at >= 5000 && !onNew)) continue;
    const last = kept.at(-1);
    if (last !== undefined && last[1] + 1 === seq) last[1] = seq;
    else kept.push([seq, seq]);
  }
  const role = (at: number, pod: string, name: string, timeline: number): TimelineEvent =>
    event(at, pod, "role", { role: name, state: "running", timeline });
  const h = history({
    clients: [client("follower", "write"), client("replica-reads", "read")],
    operations,
    events: [
      role(0, "postgresql-0", "primary", 1),
      event(4000, "postgresql-0", "offset", { offset: 9000, role: "primary" }),
      event(5000, "run", "fault-injected", { action, pods: "postgresql-0" }),
      event(1000, "postgresql-1", "wal-receiver", { streaming: true, from: "postgresql-0" }),
      ...(action === "pod-kill" ? [event(5200, "postgresql-0", "unreachable")] : []),
      ...(action === "pod-kill" ? [event(5250, "postgresql-1", "wal-receiver", { streaming: false, from: null })] : []),
      ...(action === "pod-kill" ? [event(29_000, "postgresql-0", "reachable")] : []),
      ...(action === "partition"
        ? [event(acceptsUntilMs, "postgresql-0", "offset", { offset: 12_000, role: "primary" })]
        : []),
      ...(action === "partition" ? [role(acceptsUntilMs, "postgresql-0", "replica", 1)] : []),
      ...(promoted
        ? [
            event(24_000, "etcd", "lock", { holder: null }),
            event(24_500, "etcd", "lock", { holder: "postgresql-1" }),
            role(25_000, "postgresql-1", "primary", 2),
          ]
        : []),
      event(30_000, "run", "fault-removed", {}),
      ...(promoted && rejoins ? [role(32_000, "postgresql-0", "replica", 2)] : []),
      event(39_000, "postgresql-1", "timeline", { timeline: 1, forkBytes: 10_000 }),
    ],
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "active" },
      { type: "phase", atMs: 30_000, phase: "recovery" },
    ],
    finalReads: members.map((member) =>
      finalRead(kept, {
        member,
        client: "follower",
        authoritative: member === (promoted ? "postgresql-1" : "postgresql-0"),
      }),
    ),
    settings: [
      { type: "setting", member: "postgresql-0", name: "ttl", value: "20" },
      { type: "setting", member: "postgresql-0", name: "synchronous_mode", value: "off (not set)" },
    ],
  });
  return { ...h, header: { ...h.header, system: "patroni", members } };
}

/** The report of such a run. */
export function reportOfHit(h: History, maxOutage = "30s"): Report {
  const run: ReportInput["run"] = {
    id: "run-1",
    experiment: "patroni-failover",
    title: "PostgreSQL primary killed",
    hypothesis: "In time, and nothing lost.",
    state: "completed",
    system: "patroni",
    cluster: "lab",
    namespace: "database",
    parameters: { maxOutage },
    requestedBy: "U1",
    approvedBy: ["U2"],
    planDigest: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
  };
  return buildReport({ history: h, run, runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] });
}
