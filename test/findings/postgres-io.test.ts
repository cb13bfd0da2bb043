import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import type { ClientInfo, FinalRead, History, Operation, TimelineEvent } from "../../src/probes/history.ts";
import { event, finalRead, history, op } from "../support/history-builder.ts";

const client = (id: string, kind: "read" | "write"): ClientInfo => ({
  id,
  kind,
  title: id,
  ratePerSecond: 100,
  timeoutMs: 1000,
  ...(kind === "read" ? { reads: "follower" } : {}),
});
const [old, other, third] = ["postgresql-0", "postgresql-1", "postgresql-2"];
const members = [old, other, third];
type Detail = TimelineEvent["detail"];

interface Run {
  action: "latency" | "fault";
  /** The primary's server is down from here until there, both in ms; the fault is from 5 s to 20 s. */
  down?: [fromMs: number, toMs: number];
  /** Another member takes over at 8 s. */
  failover?: boolean;
  recovers?: boolean;
  /** Milliseconds of each query under the fault; null: unanswered. */
  during?: Partial<Record<string, number | null>>;
  afterWriteMs?: number;
  lagBytes?: number;
  readDuring?: number;
  amcheck?: Array<number | null>;
  checksums?: Array<number | null>;
  hashes?: string[];
  settings?: Record<string, string>;
  more?: TimelineEvent[];
  lost?: number;
}

const baseline: Record<string, number> = {
  "cached-read": 1,
  "last-rows": 0.5,
  write: 1,
  "cold-read": 0.6,
  connection: 3,
};

/** 100 writes/s for 30 s with an I/O fault from 5 s to 20 s. */
function run(given: Run): History {
  const { action, down, failover = false, recovers = true } = given;
  const operations: Operation[] = [];
  const kept: FinalRead["ranges"] = [];
  for (let seq = 1; seq <= 3000; seq += 1) {
    const at = seq * 10;
    const onNew = failover && at >= 8000;
    const refused = !onNew && down !== undefined && at >= down[0] && at < down[1];
    const member = onNew ? other : old;
    operations.push(
      op({ client: "follower", seq, at, member, ...(refused ? { outcome: "fail" as const, error: "refused" } : {}) }),
    );
    operations.push(op({ client: "replica-reads", kind: "read", seq, at, member: third, seen: seq }));
    if (refused || seq <= (given.lost ?? 0)) continue;
    const last = kept.at(-1);
    if (last !== undefined && last[1] + 1 === seq) last[1] = seq;
    else kept.push([seq, seq]);
  }
  const sample = (atMs: number, stage: string, query: string, ms: number | null): TimelineEvent =>
    event(atMs, old, "sample", { stage, query, ms: ms ?? 0, error: ms === null ? "refused" : null });
  const samples = Object.entries(baseline).flatMap(([query, ms]) => {
    const duringMs = given.during?.[query] === undefined ? ms : given.during[query];
    const afterMs = query === "write" ? (given.afterWriteMs ?? ms) : ms;
    return [0, 1, 2].flatMap((turn) => [
      sample(1000 + turn, "before", query, ms),
      sample(6000 + turn, "during", query, duringMs),
      sample(25_000 + turn, "after", query, afterMs),
    ]);
  });
  const role = (at: number, pod: string, name: string, state: string, timeline: number): TimelineEvent =>
    event(at, pod, "role", { role: name, state, timeline });
  const server = (at: number, detail: Detail): TimelineEvent => event(at, old, "server", detail);
  const ends =
    down === undefined
      ? []
      : [
          server(down[0], { up: false, error: "57P03 in recovery mode" }),
          role(down[0] + 100, old, failover ? "replica" : "primary", "crashed", 1),
          ...(recovers
            ? [
                server(down[1], { up: true, startedAt: "b", recovering: failover }),
                role(down[1], old, failover ? "replica" : "primary", "running", 2),
              ]
            : []),
        ];
  const checks =
    given.amcheck === undefined
      ? []
      : members.flatMap((pod, at) => [
          event(26_000, pod, "amcheck", {
            exitCode: given.amcheck?.[at] ?? null,
            tookMs: 100,
            problem: given.amcheck?.[at] === 0 ? "" : 'heap table "t"',
          }),
          event(26_100, pod, "checksums", {
            before: given.checksums?.[at] === null ? null : 0,
            now: given.checksums?.[at] ?? 0,
          }),
          event(26_200, pod, "content", { rows: 5012, hash: given.hashes?.[at] ?? "1", error: null }),
        ]);
  const h = history({
    clients: [client("follower", "write"), client("replica-reads", "read")],
    operations,
    events: [
      role(0, old, "primary", "running", 1),
      server(100, { up: true, startedAt: "a", recovering: false }),
      ...samples,
      event(2000, old, "replication-lag", { replica: other, bytes: 0, ms: 0 }),
      event(5000, "run", "fault-injected", { action, pods: old }),
      event(5500, old, "buffers", { stage: "during", query: "cached-read", hit: 700, read: given.readDuring ?? 0 }),
      event(7000, old, "replication-lag", { replica: other, bytes: given.lagBytes ?? 400, ms: 120 }),
      event(7000, old, "waits", { "IO/WALSync": 3 }),
      ...ends,
      ...(failover ? [event(7500, "etcd", "lock", { holder: other }), role(8000, other, "primary", "running", 2)] : []),
      event(20_000, "run", "fault-removed", {}),
      ...checks,
      ...(given.more ?? []),
    ].toSorted((a, b) => a.atMs - b.atMs),
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "active" },
      { type: "phase", atMs: 20_000, phase: "recovery" },
    ],
    finalReads: members.map((member) =>
      finalRead(kept, { member, client: "follower", authoritative: member === (failover ? other : old) }),
    ),
    settings: Object.entries({
      ttl: "20",
      primary_start_timeout: "300 (not set)",
      maximum_lag_on_failover: "1048576",
      data_checksums: "on",
      full_page_writes: "on",
      fsync: "on",
      shared_buffers: "4096",
      ...given.settings,
    }).map(([name, value]) => ({ type: "setting" as const, member: old, name, value })),
  });
  return { ...h, header: { ...h.header, system: "postgres-io", members } };
}

function report(h: History, parameters: Record<string, string> = { maxOutage: "10s" }): Report {
  const about: ReportInput["run"] = {
    id: "run-1",
    experiment: "postgres-wal-io-errors",
    title: "x",
    hypothesis: "Sound.",
    state: "completed",
    system: "postgres-io",
    cluster: "lab",
    namespace: "database",
    parameters,
    requestedBy: "U1",
    approvedBy: ["U2"],
    planDigest: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
  };
  return buildReport({
    history: h,
    run: about,
    runVerdict: "completed",
    cleanupVerdict: "verified",
    guards: [],
    cleanup: [],
  });
}
const sound = { amcheck: [0, 0, 0], checksums: [0, 0, 0], hashes: ["1", "1", "1"] };
const found = (h: History, id: string) => report(h).findings.find((finding) => finding.id === `postgres-io.${id}`);
const value = (h: History, id: string) => report(h).measures.find((entry) => entry.id === id)?.value;

const slow = (change: Partial<Run> = {}): History =>
  run({ action: "latency", during: { write: 203, "cold-read": 810, connection: 6200 }, ...sound, ...change });
const crashed = (change: Partial<Run> = {}): History =>
  run({ action: "fault", down: [5500, 21_000], during: { write: null, "cold-read": null }, ...sound, ...change });
const taken = (change: Partial<Run> = {}): History => crashed({ failover: true, down: [5500, 22_000], ...change });

describe("every rule fires, and stays quiet where it has nothing to say", () => {
  it.each<[string, History, History, RegExp]>([
    ["slower", slow(), slow({ during: {} }), /Writes were 203x slower \(1\.0 ms → 203 ms\), cold reads 1350x/],
    [
      "slow-connections",
      slow(),
      slow({ during: { connection: 20 } }),
      /A new connection took 6\.20 s \(before: 3\.0 ms\)/,
    ],
    [
      "slow-connections",
      slow({ during: { connection: null } }),
      slow({ during: {} }),
      /No new connection was answered/,
    ],
    ["served-from-shared-buffers", slow(), slow({ readDuring: 40 }), /did not touch the volume/],
    [
      "not-back-at-baseline",
      slow({ afterWriteMs: 90 }),
      slow({ afterWriteMs: 9 }),
      /stayed slower.*90 ms, before 1\.0 ms/,
    ],
    ["replication-lag", crashed({ lagBytes: 5_000_000 }), crashed(), /at most 5,000,000 bytes/],
    ["no-failover-for-delay", slow(), slow({ failover: true }), /did not fail over for I\/O delay alone/],
    ["restarted-in-place", crashed(), taken(), /postgresql-0 crashed and nobody took over/],
    ["failed-over", taken(), crashed(), /postgresql-1 took over; writes were accepted again after 3\.0/],
    ["recovered", taken(), slow(), /recovered by itself as a replica/],
    ["not-recovered", taken({ recovers: false }), taken(), /did not recover by itself/],
    ["served-until-crash", crashed(), slow(), /The server crashed 0\.50 s after the fault/],
    [
      "fault-ended-by-itself",
      crashed({ more: [event(9000, "cluster", "fault-ended", { what: "container postgresql restarted" })] }),
      crashed(),
      /ended by itself 4\.00 s after it began/,
    ],
    ["corruption", crashed({ amcheck: [0, 2, 0] }), crashed(), /The data on postgresql-1 is damaged/],
    ["corruption", crashed({ checksums: [3, 0, 0] }), crashed(), /The data on postgresql-0 is damaged/],
    ["content-differs", crashed({ hashes: ["1", "1", "2"] }), crashed(), /not the same on every member/],
    ["not-checked", crashed({ amcheck: [0, null, 0] }), crashed(), /postgresql-1 could not be checked/],
    ["unsafe-settings", crashed({ settings: { data_checksums: "off" } }), crashed(), /data_checksums is off/],
    ["unsafe-settings", crashed({ settings: { fsync: "off" } }), crashed(), /fsync is off/],
    ["consistent", crashed(), crashed({ amcheck: [0, 2, 0] }), /sound on 3 of 3 members/],
  ])("%s", (id, firing, quiet, title) => {
    expect(found(firing, id)?.title).toMatch(title);
    expect(found(quiet, id)).toBeUndefined();
  });
  it("not-checked also where no check was made at all", () => {
    const { amcheck: _none, ...without } = sound;
    const h = run({ action: "fault", down: [5500, 21_000], ...without });
    expect(found(h, "not-checked")?.title).toMatch(/No member was checked/);
  });
});

describe("figures beside each other", () => {
  it("are medians with their counts, and the module's expectation", () => {
    const evidence = found(slow(), "slower")?.evidence.join("\n") ?? "";
    expect(evidence).toMatch(
      /insert of 1 KiB: 1\.0 ms → 203 ms, 203x \(medians of 3 and 3\); the module expects writes 5 to 20x: more/,
    );
    expect(evidence).toMatch(/IO\/WALSync 3/);
    expect(value(slow(), "write-before")).toBe(1);
    expect(value(slow(), "write-during")).toBe(203);
    expect(value(slow(), "replication-lag-bytes")).toBe(400);
  });
  it("are not claimed where nothing was answered", () => {
    expect(value(crashed(), "write-during")).toBeNull();
    expect(value(slow(), "promoted")).toBeNull();
    expect(value(run({ action: "fault" }), "damaged-members")).toBeNull();
  });
  it("name the live setting and its source", () => {
    expect(found(crashed(), "restarted-in-place")?.setting).toMatchObject({
      name: "primary_start_timeout",
      value: "300 (not set)",
      recommended: "0 to 60",
    });
  });
  it("time a crash, the outage and the recovery from the fault", () => {
    expect(value(crashed(), "crashed")).toBe(500);
    expect(value(crashed(), "writable")).toBe(16_000);
    expect(value(crashed(), "recovered")).toBe(16_000);
    expect(value(taken(), "promoted")).toBe(3000);
    expect(value(slow(), "writable")).toBe(0);
  });
});

describe("the hypothesis", () => {
  it.each<[string, History, Record<string, string>]>([
    ["slow, and nothing lost", slow(), { maxLatency: "2s" }],
    ["taken over in time", taken(), { maxOutage: "10s" }],
  ])("holds when %s", (_what, h, parameters) => {
    expect(report(h, parameters).verdicts.hypothesis, report(h, parameters).because).toBe("held");
  });
  it.each<[string, History, Record<string, string>, RegExp]>([
    [
      "a median is above maxLatency",
      slow(),
      { maxLatency: "500ms" },
      /read of 8 pages.* took 810 ms, longer than 500 ms/,
    ],
    [
      "writes come back late",
      crashed(),
      { maxOutage: "10s" },
      /after 16\.00 s, later than 10\.00 s: nobody else was promoted/,
    ],
    ["the data is damaged", taken({ amcheck: [0, 2, 0] }), {}, /the data on postgresql-1 is damaged/i],
    ["members differ", taken({ hashes: ["1", "2", "1"] }), {}, /members hold different data/i],
    ["writes were lost", taken({ lost: 7 }), {}, /^7 of .* acknowledged writes were lost/],
    ["the old primary stays down", taken({ recovers: false }), {}, /did not recover by itself/],
  ])("is refuted when %s", (_what, h, parameters, because) => {
    expect(report(h, parameters).verdicts.hypothesis).toBe("refuted");
    expect(report(h, parameters).because).toMatch(because);
  });
  it("is inconclusive when the fault was not felt", () => {
    const h = slow({ more: [event(6000, "run", "fault-without-effect", { reason: "PG_VERSION was read as ever" })] });
    expect(report(h).verdicts.hypothesis).toBe("inconclusive");
  });
});

describe("a faulty volume under CloudNativePG", () => {
  const cases: Array<[string, Run]> = [
    ["a delay", { action: "latency", during: { write: 200 }, lagBytes: 100 }],
    ["a crash in place", { action: "fault", down: [5500, 12_000] }],
    ["a server that stays down", { action: "fault", down: [5500, 29_000], recovers: false }],
    ["a failover", { action: "fault", down: [5500, 22_000], failover: true }],
    ["damage", { action: "fault", amcheck: [2, 0, 0], hashes: ["1", "2", "1"] }],
    ["a loss", { action: "latency", lost: 20 }],
  ];
  const textOf = ({ because, findings, measures }: Report): string => JSON.stringify([because, findings, measures]);
  it.each(cases)("is told without a word of Patroni: %s", (_what, given) => {
    const byCnpg = run({ ...given, settings: { manager: "cloudnative-pg" } });
    expect(textOf(report(byCnpg))).not.toMatch(/patroni|\block\b|\bttl\b|primary_start_timeout|synchronous_mode/i);
    expect(report(byCnpg).findings.map(({ id }) => id.replace("cnpg.", "patroni."))).toEqual(
      report(run(given)).findings.map(({ id }) => id),
    );
    // The control: the same run under Patroni names it.
    expect(textOf(report(run(given)))).toMatch(/patroni/i);
  });
});
