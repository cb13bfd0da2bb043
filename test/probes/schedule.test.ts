import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/probes/history.ts";
import { startClock } from "../../src/probes/recorder.ts";
import { foldList } from "../../src/probes/redis-sentinel/final-reads.ts";
import { readSentinelMessage } from "../../src/probes/redis-sentinel/sentinel-events.ts";
import { startSchedule } from "../../src/probes/schedule.ts";
import { createTally } from "../../src/probes/tally.ts";

const until = (now: () => number, atMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, atMs - now()));

describe("the open-loop schedule", () => {
  it.each([100, 2000])("keeps its rate of %d/s, and every due operation is sent once", async (ratePerSecond) => {
    const now = startClock();
    const sent: Array<[number, number]> = [];
    const schedule = startSchedule({
      client: "c",
      ratePerSecond,
      now,
      maxInFlight: 10_000,
      send: async (index, plannedMs) => void sent.push([index, plannedMs]),
      skip: () => undefined,
    });
    await until(now, 1000);
    const report = await schedule.stop();
    const seconds = now() / 1000;
    expect(report).toMatchObject({ planned: sent.length, sent: sent.length, notSent: 0 });
    expect(sent.length).toBeLessThanOrEqual(ratePerSecond * seconds + 1);
    expect(sent.map(([index]) => index)).toEqual(sent.map((_entry, at) => at));
    const spacing = 1000 / ratePerSecond;
    for (const [at, [, plannedMs]] of sent.entries())
      expect(plannedMs).toBeCloseTo((sent[0]?.[1] ?? 0) + at * spacing, 6);
  });
  it("books what it cannot send, at its planned time, and skips nothing", async () => {
    const now = startClock();
    const answers: Array<() => void> = [];
    const skipped: number[] = [];
    const schedule = startSchedule({
      client: "c",
      ratePerSecond: 100,
      now,
      maxInFlight: 3,
      send: () => new Promise((resolve) => answers.push(resolve)),
      skip: (index) => skipped.push(index),
    });
    await until(now, 300);
    for (const answer of answers) answer();
    const report = await schedule.stop();
    expect(answers).toHaveLength(3);
    expect(report.notSent).toBe(skipped.length);
    expect(report.planned).toBe(3 + skipped.length);
    expect(skipped[0]).toBe(3);
  });
  it("does not forget what fell due while the process was busy", async () => {
    const now = startClock();
    let sent = 0;
    const schedule = startSchedule({
      client: "c",
      ratePerSecond: 100,
      now,
      maxInFlight: 1000,
      send: async () => void (sent += 1),
      skip: () => undefined,
    });
    await until(now, 50);
    const busyUntil = now() + 300;
    while (now() < busyUntil);
    await until(now, 500);
    const report = await schedule.stop();
    expect(sent).toBeGreaterThanOrEqual(45);
    expect(report.lateMaxMs).toBeGreaterThan(200);
  });
});

describe("the live tally", () => {
  const op = (endMs: number, outcome: Operation["outcome"], latencyMs = 1): Operation => ({
    type: "op",
    client: "c",
    kind: "write",
    seq: 1,
    plannedMs: endMs - latencyMs,
    startMs: endMs - latencyMs,
    endMs,
    outcome,
  });
  it("shows totals, the last second, and a share of ok per second", () => {
    const tally = createTally("c", "write");
    for (const [endMs, outcome] of [
      [100, "ok"],
      [200, "fail"],
      [1100, "ok"],
      [1200, "ok"],
      [1300, "unknown"],
      [1400, "ok"],
    ] as const)
      tally.add(op(endMs, outcome));
    expect(tally.status(4000, "redis-0")).toMatchObject({
      ok: 4,
      fail: 1,
      unknown: 1,
      member: "redis-0",
      okRatio: [0.5, 0.75, null, null],
    });
    expect(tally.status(2000, null)).toMatchObject({ okPerSecond: 3, p50Ms: 1, p99Ms: 1, member: null });
  });
  it("keeps a minute", () => {
    const tally = createTally("c", "write");
    for (let second = 0; second < 90; second += 1) tally.add(op(second * 1000 + 1, "ok"));
    expect(tally.status(90_000, null).okRatio).toHaveLength(60);
  });
});

describe("a final read", () => {
  it("folds runs, shows doubles, and leaves out the list's first element", async () => {
    expect(await foldList(async () => ["0", "1", "2", "3", "5", "5", "4"])).toEqual([
      [1, 3],
      [5, 5],
      [5, 5],
      [4, 4],
    ]);
  });
  it("reads on in pieces", async () => {
    const all = Array.from({ length: 25_000 }, (_unused, at) => String(at + 1));
    expect(await foldList(async (from) => all.slice(from, from + 10_000))).toEqual([[1, 25_000]]);
  });
});

describe("a Sentinel message", () => {
  const pods = { nameOf: (host: string) => `pod-${host}` };
  it.each([
    ["+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6379", { from: "pod-10.0.0.1", to: "pod-10.0.0.2" }],
    ["+sdown", "master mymaster 10.0.0.1 6379", { kind: "master", member: "pod-10.0.0.1" }],
    [
      "+odown",
      "master mymaster 10.0.0.1 6379 #quorum 2/2",
      { kind: "master", member: "pod-10.0.0.1", text: "#quorum 2/2" },
    ],
    [
      "+convert-to-slave",
      "slave 10.0.0.3:6379 10.0.0.3 6379 @ mymaster 10.0.0.1 6379",
      { kind: "slave", member: "pod-10.0.0.3", text: "@ mymaster 10.0.0.1 6379" },
    ],
    ["+tilt", "#tilt mode entered", { text: "#tilt mode entered" }],
  ])("%s is read into fields", (channel, message, expected) =>
    expect(readSentinelMessage(channel, message, pods)).toEqual(expected),
  );
});
