import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import type { ClientInfo, History, Operation } from "../../src/probes/history.ts";
import { event, finalRead, history, op } from "../support/history-builder.ts";

const client = (id: string, kind: "read" | "write"): ClientInfo => ({
  id,
  kind,
  title: id,
  ratePerSecond: 100,
  timeoutMs: 1000,
  ...(kind === "read" ? { reads: "writer" } : {}),
});

/** 100/s for 20 s; etcd-0 and etcd-1 are down from 5 s to 12 s, writes are accepted again at 14 s. */
function quorumLost(): History {
  const operations: Operation[] = [];
  for (let seq = 1; seq <= 2000; seq += 1) {
    const at = seq * 10;
    const out = at >= 5000 && at < 14_000;
    const member = out ? "etcd-2" : "etcd-0";
    const bad = out ? ({ outcome: "unknown", error: "timeout" } as const) : {};
    operations.push(op({ client: "writer", seq, at, member, ...bad }));
    const failed = out ? ({ outcome: "fail", error: "timeout" } as const) : { seen: seq };
    operations.push(op({ client: "linearizable-reads", kind: "read", seq, at, member, ...failed }));
    operations.push(op({ client: "serializable-reads", kind: "read", seq, at, member, seen: Math.min(seq, 499) }));
  }
  const h = history({
    clients: [client("writer", "write"), client("linearizable-reads", "read"), client("serializable-reads", "read")],
    operations,
    events: [
      event(10, "etcd-2", "leader", { leader: "etcd-0", term: 2 }),
      event(5000, "run", "fault-injected", { action: "pod-failure", pods: "etcd-0 etcd-1", confirmedAfterMs: 0 }),
      event(6500, "etcd-2", "leader", { leader: null, term: 3 }),
      event(7000, "etcd-2", "without-quorum", { operation: "put", answer: "etcdserver: no leader", tookMs: 4 }),
      event(12_000, "run", "fault-removed", {}),
      event(13_900, "etcd-2", "leader", { leader: "etcd-1", term: 4 }),
      ...["etcd-0", "etcd-1", "etcd-2"].map((member) => event(19_000, member, "member-hash", { hash: 7 })),
    ],
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "active" },
      { type: "phase", atMs: 12_000, phase: "recovery" },
    ],
    finalReads: ["etcd-0", "etcd-1", "etcd-2"].map((member) =>
      finalRead(
        [
          [1, 499],
          [1400, 2000],
        ],
        { member, client: "writer", authoritative: member === "etcd-1" },
      ),
    ),
    settings: [{ type: "setting", member: "etcd-0", name: "voting-members", value: "3" }],
  });
  return { ...h, header: { ...h.header, system: "etcd" } };
}

function report(h: History, maxRecovery = "10s"): Report {
  const run: ReportInput["run"] = {
    id: "run-1",
    experiment: "etcd-quorum-loss",
    title: "etcd without a quorum",
    hypothesis: "It refuses.",
    state: "completed",
    system: "etcd",
    cluster: "lab",
    namespace: "etcd",
    parameters: { maxRecovery },
    requestedBy: "U1",
    approvedBy: ["U2"],
    planDigest: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
  };
  return buildReport({ history: h, run, runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] });
}
const ids = (h: History): string[] => report(h).findings.map(({ id }) => id);
const withOps = (h: History, change: (entry: Operation) => Operation): History => ({
  ...h,
  operations: h.operations.map(change),
});
const answered =
  (id: string) =>
  (entry: Operation): Operation => {
    if (entry.client !== id || entry.startMs !== 8000) return entry;
    const { error: _error, ...rest } = entry;
    return { ...rest, outcome: "ok", ...(entry.kind === "read" ? { seen: 499 } : {}) };
  };
const alarming = ["etcd.lost-acknowledged-writes", "etcd.accepted-without-quorum", "etcd.members-diverge"];

describe("a lost quorum", () => {
  it("holds when the survivor refuses, recovers in time, and nothing is lost", () => {
    const { verdicts, because } = report(quorumLost());
    expect(verdicts.hypothesis, because).toBe("held");
    expect(because).toMatch(/accepted again 2\.00 s after/);
    expect(ids(quorumLost()).filter((id) => alarming.includes(id) || id === "etcd.failed-elections")).toHaveLength(1);
  });
  it("tells the survivor's exact words, and leader and term before and after", () => {
    const all = report(quorumLost())
      .findings.flatMap(({ evidence }) => evidence)
      .join("\n");
    expect(all).toMatch(/put at the survivor: etcdserver: no leader, after 4 ms/);
    expect(all).toMatch(/etcd-1, term 4; before: etcd-0, term 2/);
  });
  it("is refuted by a write that was acknowledged without a quorum", () => {
    const h = withOps(quorumLost(), answered("writer"));
    expect(report(h).verdicts.hypothesis).toBe("refuted");
    expect(ids(h)).toContain("etcd.accepted-without-quorum");
  });
  it("is refuted by a linearizable read that was answered without a quorum", () => {
    expect(report(withOps(quorumLost(), answered("linearizable-reads"))).because).toMatch(/1 linearizable read/);
  });
  it("is refuted when the survivor answers no serializable read", () => {
    const h = quorumLost();
    const silent = { ...h, operations: h.operations.filter((entry) => entry.client !== "serializable-reads") };
    expect(report(silent).because).toMatch(/no serializable read/);
  });
  it("is refuted by a lost write, and by hashes that differ", () => {
    const h = quorumLost();
    const lost = {
      ...h,
      finalReads: h.finalReads.map((read) => ({
        ...read,
        ranges: [
          [1, 490],
          [1400, 2000],
        ] as Array<[number, number]>,
      })),
    };
    expect(ids(lost)).toContain("etcd.lost-acknowledged-writes");
    const differ = {
      ...h,
      events: h.events.map((e) =>
        e.event === "member-hash" && e.source === "etcd-2" ? { ...e, detail: { hash: 8 } } : e,
      ),
    };
    expect(report(differ).because).toMatch(/hashes differ/);
    expect(ids(differ)).toContain("etcd.members-diverge");
  });
  it("is refuted by a recovery that is slower than allowed", () => {
    expect(report(quorumLost(), "1s").because).toMatch(
      /only 2\.00 s after the members were let go \(allowed: 1\.00 s\)/,
    );
  });
  it("proves nothing when the quorum was never seen to be gone", () => {
    const h = quorumLost();
    const still = { ...h, events: h.events.filter((e) => e.event !== "leader" || e.detail["leader"] !== null) };
    expect(report(still).verdicts.hypothesis).toBe("inconclusive");
  });
  it("counts failed elections only when the term rose by more than one", () => {
    const h = quorumLost();
    const calm = {
      ...h,
      events: h.events.map((e) => (e.detail["term"] === 4 ? { ...e, detail: { leader: "etcd-1", term: 3 } } : e)),
    };
    expect(ids(h)).toContain("etcd.failed-elections");
    expect(ids(calm)).not.toContain("etcd.failed-elections");
  });
});
