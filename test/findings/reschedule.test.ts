import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import type { FinalRead, History, Operation, TimelineEvent } from "../../src/probes/history.ts";
import { event, finalRead, history, op } from "../support/history-builder.ts";

const members = ["postgresql-0", "postgresql-1", "postgresql-2"];
const client = (id: string, kind: "read" | "write") => ({
  id,
  kind,
  title: id,
  ratePerSecond: 100,
  timeoutMs: 1000,
  ...(kind === "read" ? { reads: "follower" } : {}),
});

interface Move {
  role?: "primary" | "replica";
  /** When the pod is ready again, from the deletion at 5 s; null: never. */
  readyAfterMs?: number | null;
  toNode?: string;
  promoted?: boolean;
}

/**
 * 100 writes/s for 20 s. The node of postgresql-0 is cordoned at 4.9 s and its pod deleted at 5 s; its volume is detached
 * from 6 to 7 s and attached from 7 to 8.5 s; it is ready 4 s after the deletion. The node is uncordoned at 15 s.
 */
function move({ role = "primary", readyAfterMs = 4000, toNode = "node-2", promoted = false }: Move = {}): History {
  const readyMs = readyAfterMs === null ? null : 5000 + readyAfterMs;
  const primaryBackMs = promoted ? 7000 : (readyMs ?? 16_000);
  const operations: Operation[] = [];
  const kept: FinalRead["ranges"] = [];
  for (let seq = 1; seq <= 2000; seq += 1) {
    const at = seq * 10;
    const down = role === "primary" && at >= 5000 && at < primaryBackMs;
    const member = promoted && at >= 7000 ? "postgresql-1" : role === "primary" ? "postgresql-0" : "postgresql-1";
    operations.push(
      op({ client: "follower", seq, at, member, ...(down ? { outcome: "fail" as const, error: "refused" } : {}) }),
    );
    operations.push(op({ client: "replica-reads", kind: "read", seq, at, member: "postgresql-2", seen: seq }));
    if (down) continue;
    const last = kept.at(-1);
    if (last !== undefined && last[1] + 1 === seq) last[1] = seq;
    else kept.push([seq, seq]);
  }
  const pod = (at: number, name: string, detail: TimelineEvent["detail"] = {}) =>
    event(at, "postgresql-0", name, detail);
  const disk = (at: number, name: string, node: string) => event(at, "storage", name, { volume: "pv-0", node });
  const marker = { rows: 5000, checksum: "abc", systemIdentifier: "7", volumes: "pv-0 (u)" };
  const h = history({
    clients: [client("follower", "write"), client("replica-reads", "read")],
    operations,
    events: [
      pod(0, "role", { role, state: "running", timeline: 1 }),
      pod(2000, "marker-written", marker),
      event(4900, "run", "fault-injected", { fault: "cordon", kind: "Cordon", action: "", pods: "postgresql-0" }),
      event(5000, "run", "fault-injected", { fault: "delete", kind: "PodDelete", action: "", pods: "postgresql-0" }),
      pod(5100, "pod-gone", { uid: "old", node: "node-1" }),
      pod(5100, "pod-created", { uid: "new" }),
      pod(5200, "unreachable"),
      ...(readyMs === null
        ? [pod(5200, "pod-unschedulable", { reason: "0/3 nodes are available" })]
        : [
            pod(5200, "pod-scheduled", { node: toNode }),
            disk(6000, "volume-detaching", "node-1"),
            disk(7000, "volume-detached", "node-1"),
            disk(7000, "volume-attaching", toNode),
            disk(8500, "volume-attached", toNode),
            pod(readyMs - 300, "containers-started", { node: toNode }),
            pod(readyMs, "pod-ready", { node: toNode }),
            pod(readyMs + 100, "reachable"),
            pod(readyMs + 100, "role", {
              role: promoted ? "replica" : role,
              state: "running",
              timeline: promoted ? 2 : 1,
            }),
          ]),
      ...(promoted
        ? [
            event(6500, "etcd", "lock", { holder: null }),
            event(6900, "postgresql-1", "role", { role: "primary", state: "running", timeline: 2 }),
          ]
        : []),
      event(15_000, "run", "fault-removed", { fault: "cordon", name: "run-1-cordon" }),
      pod(16_000, "marker-read", marker),
      event(16_000, "cluster", "node-read", { node: "node-1", schedulable: true }),
      pod(17_000, "data-directory", { labelAgeMs: null, versionAgeMs: 999_000 }),
    ],
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "active" },
      { type: "phase", atMs: 15_000, phase: "recovery" },
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
      { type: "setting", member: "postgresql-0", name: "accessModes", value: "ReadWriteOnce (pv-0)" },
      { type: "setting", member: "postgresql-0", name: "PodDisruptionBudget", value: "none" },
      { type: "setting", member: "postgresql-0", name: "tolerationSeconds (node unreachable)", value: "300" },
    ],
  });
  return { ...h, header: { ...h.header, system: "postgres-reschedule", members } };
}

function report(h: History, maxReschedule = "30s"): Report {
  const run: ReportInput["run"] = {
    id: "run-1",
    experiment: "statefulset-reschedule",
    title: "PostgreSQL member moved to another node",
    hypothesis: "On another node, in time, with its data.",
    state: "completed",
    system: "postgres-reschedule",
    cluster: "lab",
    namespace: "database",
    parameters: { maxReschedule },
    requestedBy: "U1",
    approvedBy: ["U2"],
    planDigest: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
  };
  return buildReport({ history: h, run, runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] });
}
const ids = (h: History): string[] => report(h).findings.map(({ id }) => id);
const value = (h: History, id: string) => report(h).measures.find((entry) => entry.id === id)?.value;
/** The same history with one event changed, or left out. */
const without = (h: History, name: string): History => ({
  ...h,
  events: h.events.filter((entry) => entry.event !== name),
});
const changed = (h: History, name: string, detail: TimelineEvent["detail"]): History => ({
  ...h,
  events: h.events.map((entry) =>
    entry.event === name ? { ...entry, detail: { ...entry.detail, ...detail } } : entry,
  ),
});
const withBudget = (h: History): History => ({
  ...h,
  settings: h.settings.map((entry) =>
    entry.name === "PodDisruptionBudget" ? { ...entry, value: "pg allows 0 now" } : entry,
  ),
});

describe("a member that was moved", () => {
  it("holds when it is on another node in time, with its data, and nothing is lost", () => {
    const { verdicts, because } = report(move());
    expect(verdicts.hypothesis, because).toBe("held");
    expect(because).toMatch(
      /ready on node-2 4\.00 s after it was deleted on node-1, with its volume and all 5,000 marker/,
    );
    expect(ids(move())).toEqual(
      expect.arrayContaining([
        "reschedule.time",
        "reschedule.volume-move",
        "reschedule.data-there",
        "patroni.nothing-lost",
      ]),
    );
    const loud = /not-back|same-node|not-there|copied|still-cordoned|budget|reads-failed|patroni.no-failover/;
    expect(ids(move()).filter((id) => loud.test(id))).toEqual([]);
  });
  it("has each part of its way timed from the deletion", () => {
    const parts = [
      "reschedule",
      "pod-gone",
      "scheduled",
      "detaching",
      "detach",
      "attach",
      "started",
      "answers",
      "cordoned",
    ];
    expect(parts.map((id) => value(move(), id))).toEqual([4000, 100, 200, 1000, 1000, 1500, 3700, 4100, 10_100]);
  });
  it("has what was not seen said so, never 0", () => {
    expect(value(without(move(), "volume-detached"), "detach")).toBeNull();
    expect(ids(without(move(), "volume-detached"))).not.toContain("reschedule.volume-move");
  });
  it.each<[string, History, string, RegExp]>([
    ["it is late", move(), "3s", /^The pod of postgresql-0 was ready after 4\.00 s, later than 3\.00 s/],
    ["it is not back", move({ readyAfterMs: null }), "30s", /was not ready again/],
    ["it is on the same node", move({ toNode: "node-1" }), "30s", /was not seen to come to another node/],
    [
      "rows are missing",
      changed(move(), "marker-read", { rows: 4999 }),
      "30s",
      /^What postgresql-0 holds is not what it held before/,
    ],
  ])("is refuted when %s", (_what, h, maxReschedule, because) => {
    expect(report(h, maxReschedule).verdicts.hypothesis).toBe("refuted");
    expect(report(h, maxReschedule).because).toMatch(because);
  });
  it("is inconclusive when the marker rows were not read back", () => {
    expect(report(without(move(), "marker-read")).verdicts.hypothesis).toBe("inconclusive");
  });
});

describe("the findings of a reschedule", () => {
  it.each<[string, History, History]>([
    ["reschedule.not-back", move({ readyAfterMs: null }), move()],
    ["reschedule.same-node", move({ toNode: "node-1" }), move()],
    ["reschedule.data-not-there", changed(move(), "marker-read", { checksum: "other" }), move()],
    ["reschedule.data-not-there", changed(move(), "marker-read", { volumes: "pv-9 (v)" }), move()],
    ["reschedule.data-there", move(), changed(move(), "marker-read", { systemIdentifier: "8" })],
    ["reschedule.copied-anew", changed(move(), "data-directory", { versionAgeMs: 3000 }), move()],
    ["reschedule.node-still-cordoned", changed(move(), "node-read", { schedulable: false }), move()],
    ["reschedule.budget-not-asked", withBudget(move()), move()],
    ["reschedule.no-failover", move(), move({ promoted: true })],
    ["reschedule.no-failover", move(), move({ role: "replica" })],
    ["reschedule.failover", move({ promoted: true }), move()],
    ["reschedule.time", move(), move({ readyAfterMs: null })],
    ["reschedule.volume-move", move(), move({ readyAfterMs: null })],
  ])("%s fires, and stays quiet otherwise", (id, fires, quiet) => {
    expect(ids(fires)).toContain(id);
    expect(ids(quiet)).not.toContain(id);
  });
  it("counts the reads that a deleted replica failed, and does not say that no replica was touched", () => {
    const h = move({ role: "replica" });
    const operations = h.operations.map((entry) =>
      entry.kind === "read" && entry.seq === 505
        ? { ...entry, outcome: "fail" as const, error: "connection-lost" }
        : entry,
    );
    expect(ids({ ...h, operations })).toContain("reschedule.reads-failed");
    expect(ids({ ...h, operations })).not.toContain("patroni.replica-reads-failed");
    expect(ids(h)).not.toContain("reschedule.reads-failed");
  });
  it.each(["reschedule.time", "reschedule.volume-move"])("%s is louder when the time allowed was over", (id) => {
    const severity = (allowed: string) => report(move(), allowed).findings.find((found) => found.id === id)?.severity;
    expect([severity("30s"), severity("3s")]).toEqual(["info", "medium"]);
  });
  it("name the live setting that explains them", () => {
    const found = report(move()).findings.find(({ id }) => id === "reschedule.time");
    expect(found?.setting).toMatchObject({ name: "tolerationSeconds (node unreachable)", value: "300" });
  });
  it("say how long writes waited when nobody took over", () => {
    const found = report(move()).findings.find(({ id }) => id === "reschedule.no-failover");
    expect(found?.evidence[0]).toMatch(/writes were not accepted for 4\.\d\d s/);
  });
});
