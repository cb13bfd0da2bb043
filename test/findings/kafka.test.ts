import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import { readMarks } from "../../src/findings/chart/marks.ts";
import type { Report } from "../../src/findings/report.ts";
import { foldNumbers } from "../../src/probes/fold.ts";
import type { ClientInfo, FinalRead, History, Operation, TimelineEvent } from "../../src/probes/history.ts";
import { event, finalRead, history, op } from "../support/history-builder.ts";

const client = (id: string, reads?: string): ClientInfo => ({
  id,
  kind: reads === undefined ? "write" : "read",
  title: id,
  ratePerSecond: 100,
  timeoutMs: 2000,
  ...(reads === undefined ? {} : { reads }),
});
const brokers = ["kafka-0", "kafka-1", "kafka-2"];
const all = brokers.join(" ");
const leads = (atMs: number, partition: number, leader: string | null, epoch: number, source = "kafka-2") =>
  event(atMs, source, "partition-leader", { partition, leader, epoch });
const isr = (atMs: number, partition: number, inSync: string, source = "kafka-2") =>
  event(atMs, source, "isr", { partition, inSync, size: inSync.split(" ").length, replicas: 3 });
const log = (name: string, role: string, records: number, change: Record<string, number> = {}) =>
  event(39_000, role === "leader" ? "kafka-0" : "kafka-2", "replica-log", {
    client: name,
    role,
    records,
    damaged: 0,
    gaps: 0,
    firstOffset: 0,
    endOffset: records,
    ...change,
  });

/**
 * 100/s for 30 s; kafka-1, which leads partition 0, is killed at 5 s; kafka-0 leads from 14 s on, and partition 1, which
 * it led all along, waits until then: its writes of the last two seconds are acknowledged, the others are not, though
 * they are in its log. kafka-1 is back at 20 s.
 */
function brokerKilled(): History {
  const operations: Operation[] = [];
  const stored: Record<string, number[]> = { producer: [], "other-producer": [] };
  const place = (name: string, seq: number): number => (stored[name]?.push(seq) ?? 0) - 1;
  for (let seq = 1; seq <= 3000; seq += 1) {
    const at = seq * 10;
    const out = at >= 5000 && at < 14_000;
    const member = at < 5000 ? "kafka-1" : out ? "kafka-1" : "kafka-0";
    const failed = { outcome: "fail", error: "unreachable" } as const;
    operations.push({
      ...op({ client: "producer", seq, at, member, ...(out ? { ...failed, took: 500 } : {}) }),
      ...(out ? {} : { offset: place("producer", seq) }),
    });
    const late = out && at >= 12_000;
    const waits = out && !late;
    const base = { client: "other-producer", seq, at, member: "kafka-0" } as const;
    const offset = place("other-producer", seq);
    if (waits) operations.push(op({ ...base, outcome: "unknown", error: "timeout", took: 2000 }));
    else operations.push({ ...op({ ...base, took: late ? 14_005 - at : 1 }), offset });
    const read = { kind: "read", seq, at, took: 0 } as const;
    operations.push(op({ ...read, client: "consumer", member, ...(out ? failed : { seen: seq - 1 }) }));
    operations.push(op({ ...read, client: "other-consumer", member: "kafka-0", seen: out ? 499 : seq - 1 }));
  }
  const reads = (name: string): FinalRead[] =>
    brokers.map((member) =>
      finalRead(foldNumbers(stored[name] ?? []), { member, client: name, authoritative: member === "kafka-0" }),
    );
  const events: TimelineEvent[] = [
    leads(10, 0, "kafka-1", 0),
    leads(10, 1, "kafka-0", 0),
    isr(10, 0, all),
    isr(10, 1, all),
    event(20, "kafka-0", "controller", { controller: "kafka-0", epoch: 1 }),
    event(5000, "run", "fault-injected", { action: "pod-kill", pods: "kafka-1", confirmedAfterMs: 0 }),
    event(5400, "kafka-1", "unreachable"),
    leads(14_000, 0, "kafka-0", 1),
    isr(14_000, 0, "kafka-0 kafka-2"),
    isr(14_000, 1, "kafka-0 kafka-2"),
    event(20_000, "kafka-1", "reachable"),
    isr(20_300, 0, all),
    isr(20_500, 1, all),
    event(21_000, "run", "fault-removed"),
    ...Object.entries(stored).map(([name, values]) => log(name, "leader", values.length)),
  ];
  const setting = (member: string, name: string, value: string) => ({ type: "setting", member, name, value }) as const;
  const h = history({
    clients: [
      client("producer"),
      client("other-producer"),
      client("consumer", "producer"),
      client("other-consumer", "other-producer"),
    ],
    operations,
    events,
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "active" },
      { type: "phase", atMs: 21_000, phase: "recovery" },
    ],
    finalReads: [...reads("producer"), ...reads("other-producer")],
    settings: [
      ...brokers.flatMap((member) => [
        setting(member, "broker.session.timeout.ms", "9000"),
        setting(member, "replica.lag.time.max.ms", "30000"),
        setting(member, "default.replication.factor", "3"),
        setting(member, "unclean.leader.election.enable", "false"),
        setting(member, "log.flush.interval.messages", "1"),
      ]),
      setting("topic", "min.insync.replicas", "2"),
    ],
  });
  return { ...h, header: { ...h.header, system: "kafka", members: brokers } };
}

function report(h: History, maxOutage = "20s"): Report {
  const run: ReportInput["run"] = {
    id: "run-1",
    experiment: "kafka-broker-kill",
    title: "Kafka broker killed",
    hypothesis: "It fails over.",
    state: "completed",
    system: "kafka",
    cluster: "lab",
    namespace: "messaging",
    parameters: { maxOutage },
    requestedBy: "U1",
    approvedBy: ["U2"],
    planDigest: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
  };
  return buildReport({ history: h, run, runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] });
}
const ids = (h: History): string[] => report(h).findings.map(({ id }) => id);
const finding = (h: History, id: string) => report(h).findings.find((entry) => entry.id === id);
const withEvents = (h: History, change: (entry: TimelineEvent) => TimelineEvent | TimelineEvent[]): History => ({
  ...h,
  events: h.events.flatMap(change),
});
const withReads = (h: History, change: (entry: FinalRead) => FinalRead): History => ({
  ...h,
  finalReads: h.finalReads.map(change),
});
const withSetting = (h: History, name: string, value: string): History => ({
  ...h,
  settings: h.settings.map((entry) => (entry.name === name ? { ...entry, value } : entry)),
});
/** Takes one number out of what every broker holds, or only one of them. */
const without =
  (seq: number, member?: string) =>
  (read: FinalRead): FinalRead => {
    if (read.client !== "producer" || (member !== undefined && read.member !== member)) return read;
    const values = read.ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_one, at) => from + at));
    return { ...read, ranges: foldNumbers(values.filter((value) => value !== seq)) };
  };

describe("a killed broker", () => {
  it("holds when another leads in time, nothing is lost or moved, and the broker is in sync again", () => {
    const { verdicts, because } = report(brokerKilled());
    expect(verdicts.hypothesis, because).toBe("held");
    expect(because).toMatch(/kafka-0 was elected, .* 9\.00 s after the kill/);
    expect(ids(brokerKilled()).toSorted()).toEqual([
      "kafka.acks-all-waits-for-isr",
      "kafka.acks-all-without-leader",
      "kafka.consumer-gap",
      "kafka.election-time",
      "kafka.isr-return",
      "kafka.nothing-lost",
      "kafka.unknown-outcomes",
    ]);
  });
  it("tells both ways of acks=all apart: failing without a leader, waiting for a dead follower", () => {
    const h = brokerKilled();
    expect(finding(h, "kafka.acks-all-without-leader")?.title).toMatch(/partition failed, usually after 0\.50 s/);
    const waits = finding(h, "kafka.acks-all-waits-for-isr");
    expect(waits?.title).toMatch(/nothing for 9\.0\d s/);
    expect(waits?.evidence.join("\n")).toMatch(/timeout × 700 \(unknown, usually after 2,000 ms\)/);
    expect(waits?.setting).toMatchObject({ name: "broker.session.timeout.ms", value: "9000" });
    expect(
      finding(withSetting(h, "replica.lag.time.max.ms", "5000"), "kafka.acks-all-waits-for-isr")?.setting,
    ).toMatchObject({
      name: "replica.lag.time.max.ms",
    });
  });
  it("says nothing of waiting when the other partition went on", () => {
    const h = brokerKilled();
    const calm = {
      ...h,
      operations: h.operations.map((entry) =>
        entry.client === "other-producer" ? op({ client: entry.client, seq: entry.seq, at: entry.plannedMs }) : entry,
      ),
    };
    expect(ids(calm)).not.toContain("kafka.acks-all-waits-for-isr");
    expect(ids(calm)).not.toContain("kafka.unknown-outcomes");
  });
  it("counts what consumers were answered while nothing new could be seen", () => {
    const gap = finding(brokerKilled(), "kafka.consumer-gap");
    expect(gap?.evidence.join("\n")).toMatch(/other-consumer: nothing new for 9\.\d\d s; 9\d\d fetches answered/);
    const quiet = withEvents(brokerKilled(), (entry) => entry);
    quiet.operations = quiet.operations.filter((entry) => entry.kind === "write" || entry.plannedMs < 5000);
    expect(finding(quiet, "kafka.consumer-gap")?.severity).toBe("medium");
  });
  it("measures election, shrinking and return from the kill on", () => {
    const found = new Map(report(brokerKilled()).measures.map(({ id, value }) => [id, value]));
    expect(found.get("elected")).toBe(9000);
    expect(found.get("other-isr-shrunk")).toBe(9000);
    expect(found.get("back")).toBe(15_000);
    expect(found.get("isr-back")).toBe(15_500);
    expect(found.get("controller")).toBeNull();
    expect(readMarks(brokerKilled()).map(({ text }) => text)).toContain("kafka-1 in sync");
  });
  it("is refuted by a first write that comes later than allowed", () => {
    expect(report(brokerKilled(), "5s").because).toMatch(/accepted again after 9\.00 s, later than 5\.00 s/);
  });
  it("is refuted by a lost write, which moves all after it", () => {
    const h = withReads(brokerKilled(), without(10));
    expect(report(h).verdicts.hypothesis).toBe("refuted");
    expect(ids(h)).toEqual(expect.arrayContaining(["kafka.lost-acknowledged-writes", "kafka.offset-regress"]));
    expect(ids(h)).not.toContain("kafka.nothing-lost");
  });
  it("is refuted by a value that is there, at another offset", () => {
    const h = withReads(brokerKilled(), (read) => {
      const [first, ...rest] = read.ranges;
      if (read.client !== "producer" || first === undefined) return read;
      return { ...read, ranges: [[2, 2], [1, 1], [3, first[1]], ...rest] };
    });
    expect(finding(h, "kafka.offset-regress")?.evidence.join()).toMatch(/another record .* 2 of 2,100, numbers 1–2/);
    expect(report(h).because).toMatch(/not at their offsets/);
    expect(ids(h)).not.toContain("kafka.lost-acknowledged-writes");
  });
  it("is refuted by two writes that were given one offset", () => {
    const h = brokerKilled();
    const twice = {
      ...h,
      operations: h.operations.map((entry) => (entry.offset === 7 ? { ...entry, offset: 6 } : entry)),
    };
    expect(finding(twice, "kafka.offset-regress")?.evidence.join()).toMatch(/1 offset given to two writes/);
  });
  it("is refuted by a follower that holds something else", () => {
    const h = withReads(brokerKilled(), without(10, "kafka-2"));
    expect(report(h).because).toMatch(/replicas hold different records/);
    expect(ids(h)).toContain("kafka.replicas-diverge");
  });
  it("is refuted by records with a wrong checksum", () => {
    const h = brokerKilled();
    h.events.push(log("producer", "follower", 2100, { damaged: 3 }));
    expect(finding(h, "kafka.damaged-records")?.evidence.join()).toMatch(/3 records of 2,100/);
    expect(report(h).verdicts.hypothesis).toBe("refuted");
  });
  it("finds records that stand there twice", () => {
    const h = withReads(brokerKilled(), (read) => ({ ...read, ranges: [...read.ranges, [3000, 3000]] }));
    expect(ids(h)).toContain("kafka.duplicates");
  });
  it("proves nothing when offsets could not be compared", () => {
    const h = withEvents(brokerKilled(), (entry) => (entry.event === "replica-log" ? [] : entry));
    expect(report(h).verdicts.hypothesis).toBe("inconclusive");
    const gaps = withEvents(brokerKilled(), (entry) =>
      entry.event === "replica-log" ? { ...entry, detail: { ...entry.detail, gaps: 1 } } : entry,
    );
    expect(report(gaps).because).toMatch(/could not be compared/);
  });
  it("is refuted when nobody else is elected, and says why when the broker was back too soon", () => {
    const h = withEvents(brokerKilled(), (entry) => (entry.atMs === 14_000 ? [] : entry));
    expect(report(h).because).toMatch(/no other leader was elected: kafka-1 answered again after 15\.00 s/i);
    expect(finding(h, "kafka.no-election")?.severity).toBe("low");
    const never = withEvents(h, (entry) => (entry.event === "reachable" ? [] : entry));
    expect(finding(never, "kafka.no-election")?.severity).toBe("high");
  });
  it("is refuted by a broker that stays out of the in-sync replicas", () => {
    const h = withEvents(brokerKilled(), (entry) => (entry.atMs === 20_500 ? [] : entry));
    expect(ids(h)).toContain("kafka.not-back-in-isr");
    expect(report(h).because).toMatch(/not seen to return/);
  });
  it("does not take the returned broker's old knowledge for its return", () => {
    const h = withEvents(brokerKilled(), (entry) =>
      entry.atMs === 20_300 || entry.atMs === 20_500 ? { ...entry, source: "kafka-1" } : entry,
    );
    expect(ids(h)).toContain("kafka.not-back-in-isr");
  });
  it("calls an election slow that took much longer than the session", () => {
    expect(finding(brokerKilled(), "kafka.election-time")?.severity).toBe("info");
    expect(
      finding(withSetting(brokerKilled(), "broker.session.timeout.ms", "3000"), "kafka.election-time")?.severity,
    ).toBe("medium");
  });
  it("tells of a controller that died with its broker", () => {
    const h = withEvents(brokerKilled(), (entry) =>
      entry.event === "controller" ? { ...entry, detail: { controller: "kafka-1", epoch: 1 } } : entry,
    );
    h.events.push(event(7000, "kafka-2", "controller", { controller: "kafka-2", epoch: 2 }));
    expect(finding(h, "kafka.controller-lost")?.title).toMatch(/kafka-2 took over after 2\.00 s/);
    expect(ids(brokerKilled())).not.toContain("kafka.controller-lost");
  });
  it("warns of a leader that changed before the fault", () => {
    const h = brokerKilled();
    h.events.push(leads(3000, 1, "kafka-2", 1));
    expect(ids(h)).toContain("kafka.election-before-fault");
  });
  it.each([
    ["min.insync.replicas", "1", "kafka.min-insync-replicas"],
    ["unclean.leader.election.enable", "true", "kafka.unclean-election"],
    ["default.replication.factor", "1", "kafka.default-replication-factor"],
    ["log.flush.interval.messages", "9223372036854775807", "kafka.no-flush"],
  ])("warns of %s %s", (name, value, id) => {
    expect(ids(withSetting(brokerKilled(), name, value))).toContain(id);
    expect(ids(brokerKilled())).not.toContain(id);
  });
});
