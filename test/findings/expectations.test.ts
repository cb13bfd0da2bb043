import { describe, expect, it } from "vitest";
import { expectedSteps } from "../../src/findings/expectations/expected-steps.ts";
import { expectedMarkdown, recoveryTimesMarkdown } from "../../src/findings/expectations/markdown.ts";
import { placeOf } from "../../src/findings/expectations/place.ts";
import { recoveryTimes, type MeasuredRun } from "../../src/findings/expectations/recovery-times.ts";
import type { Measure, Report } from "../../src/findings/report.ts";

const measure = (id: string, value: number | null): Measure => ({ id, title: id, value, unit: "ms" });
const ran = (
  runId: string,
  system: string,
  experiment: string,
  values: Record<string, number | null>,
): MeasuredRun => ({
  runId,
  system,
  experiment,
  endedAt: "2026-01-01T00:00:00.000Z",
  measures: Object.entries(values).map(([id, value]) => measure(id, value)),
});
const now = ran("run-9", "redis-sentinel", "redis-failover", { "first-new-write": 3340 });
const named = (rows: Report["recoveryTimes"], title: string) => rows.find((row) => row.title === title);

describe("claimed and measured recovery times", () => {
  it("has a row for every system of the module, measured or not", () => {
    const rows = recoveryTimes(now, []);
    expect(named(rows, "Redis with Sentinel")?.measured).toMatchObject({
      valueMs: 3340,
      run: "run-9",
      place: "earlier",
    });
    for (const title of ["PostgreSQL with Patroni", "MySQL with Group Replication", "MongoDB replica set"]) {
      expect(named(rows, title)).toMatchObject({ measured: null, claim: { source: expect.stringContaining("1.4") } });
    }
    const table = recoveryTimesMarkdown({ recoveryTimes: rows, run: { id: "run-9" } } as Report);
    expect(table).toContain("| Redis with Sentinel | 15 to 45 s | 3.34 s | earlier | this run |");
    expect(table).toContain("| MongoDB replica set | 10 to 30 s | not measured | – | – |");
    expect(table).toContain("| RabbitMQ | no claim | not measured |");
  });
  it("takes for the others the newest earlier run that saw a recovery", () => {
    const earlier = [
      ran("run-8", "patroni", "patroni-failover", { "first-new-write": null }),
      ran("run-5", "patroni", "patroni-failover", { "first-new-write": 22_100 }),
      ran("run-4", "patroni", "patroni-failover", { "first-new-write": 31_000 }),
      ran("run-3", "redis-sentinel", "redis-failover", { "first-new-write": 1 }),
    ];
    const rows = recoveryTimes(now, earlier);
    expect(named(rows, "PostgreSQL with Patroni")?.measured).toMatchObject({
      valueMs: 22_100,
      run: "run-5",
      place: "inside",
    });
    expect(named(rows, "Redis with Sentinel")?.measured?.run).toBe("run-9");
  });
  it("prefers the failover to the partition, and says from which one it is", () => {
    const rows = recoveryTimes(null, [
      ran("run-8", "patroni", "patroni-partition", { "first-new-write": 24_000 }),
      ran("run-2", "patroni", "patroni-failover", { "first-new-write": 22_000 }),
    ]);
    expect(named(rows, "PostgreSQL with Patroni")?.measured).toMatchObject({
      run: "run-2",
      experiment: "patroni-failover",
    });
  });
  it("calls no figure inside a claim that nobody makes", () => {
    const rows = recoveryTimes(null, [ran("run-2", "etcd", "etcd-quorum-loss", { "first-ack": 2320 })]);
    expect(named(rows, "etcd")).toMatchObject({ claim: null, measured: { valueMs: 2320, place: null } });
  });
});

describe("expected steps", () => {
  it("are inside, earlier, later, or not observed", () => {
    const expected = expectedSteps("patroni-failover", [
      measure("leader-loss-seen", 350),
      measure("lock-expired", 20_080),
      measure("promoted", 19_000),
      measure("first-new-write", null),
    ]);
    expect(expected?.steps.map(({ place }) => place)).toEqual(["earlier", "later", "inside", null, null, null]);
    expect(expectedMarkdown({ expected })).toContain("| Applications write again | 15 to 30 s | not observed | – |");
    expect(expectedMarkdown({ expected })).toContain("| Another is promoted | 10 to 20 s | 19.00 s | inside |");
  });
  it("are none for an experiment of which nothing is expected", () => {
    expect(expectedSteps("patroni-partition", [])).toBeNull();
    expect(expectedMarkdown({ expected: null })).toBe("");
  });
  it.each([
    [4001, "inside"],
    [3999, "earlier"],
    [6001, "later"],
  ] as const)("meet T+5 s within a second: %d ms is %s", (ms, place) => {
    expect(placeOf(ms, { fromMs: 5000, toMs: 5000 })).toBe(place);
  });
});
