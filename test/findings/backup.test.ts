import { describe, expect, it } from "vitest";
import { headline } from "../../src/findings/chart/alt-text.ts";
import { projectRecovery } from "../../src/findings/backup/projection.ts";
import { judge, type Judgement } from "../../src/findings/judge.ts";
import type { Report } from "../../src/findings/report.ts";
import type { History, TimelineEvent } from "../../src/probes/history.ts";
import { event, history, op } from "../support/history-builder.ts";

type Detail = TimelineEvent["detail"];
const step = (name: string, atMs: number, detail: Detail): TimelineEvent => event(atMs, "backup", name, detail);
const ids = (judgement: Judgement): string[] => judgement.findings.map(({ id }) => id);
const value = (judgement: Judgement, id: string): number | null | undefined =>
  judgement.measures.find((measure) => measure.id === id)?.value;

function judged(
  system: string,
  events: readonly TimelineEvent[],
  more: {
    parameters?: Record<string, unknown>;
    previous?: Report | null;
    unsound?: string[];
    operations?: History["operations"];
  } = {},
): Judgement {
  const built = history({ events: [...events], operations: more.operations ?? [] });
  const past: History = { ...built, header: { ...built.header, system } };
  return judge(past, {
    writes: [],
    outages: [],
    unsound: more.unsound ?? [],
    parameters: more.parameters ?? {},
    previous: more.previous ?? null,
  });
}

/** Changes to the detail of one step of a sound run; null takes the step out. */
type Changes = Readonly<Record<string, Detail | null>>;
const withChanges = (steps: ReadonlyArray<[string, number, Detail]>, changes: Changes): TimelineEvent[] =>
  steps.flatMap(([name, atMs, detail]) =>
    changes[name] === null ? [] : [step(name, atMs, { ...detail, ...changes[name] })],
  );

it("heads the chart with what became of the backup, unless writes were lost", () => {
  const report = (lost: number, id: string): Report =>
    ({
      writes: { total: { lost, acknowledged: 1000 } },
      findings: [
        { id: "backup.mechanisms", title: "table" },
        { id, title: "It ends too early" },
      ],
    }) as unknown as Report;
  expect(headline(report(0, "backup.truncated"))).toBe("It ends too early");
  expect(headline(report(3, "backup.truncated"))).toContain("3 of 1,000");
  expect(headline(report(0, "redis.kept"))).toContain("None of 1,000");
});

describe("backup-restore", () => {
  const parameters = {
    productionSizeGb: 20,
    rtoTarget: "1h",
    detection: "10m",
    decision: "5m",
    download: "10m",
    warmUp: "10m",
  };
  const sound: ReadonlyArray<[string, number, Detail]> = [
    ["dataset", 8000, { rows: 1000, checksum: "abc", bytes: 60_000_000, tookMs: 3000 }],
    ["backup", 11_000, { bytes: 30_000_000, from: "postgresql-1", fromPrimary: false, tookMs: 3000 }],
    ["loss", 11_500, { deleted: 333, left: 667, tookMs: 500 }],
    ["restore-target", 12_000, { ok: true, target: "own: 2", members: "postgresql-0: 1 · postgresql-1: 1" }],
    ["restored", 13_500, { rows: 1000, checksum: "abc", bytes: 60_000_000, jobs: 2, tookMs: 1500 }],
    ["primary-untouched", 14_000, { rows: 667, expected: 667 }],
  ];
  const run = (changes: Changes = {}, more: Parameters<typeof judged>[2] = {}): Judgement =>
    judged("postgres-backup", withChanges(sound, changes), { parameters, ...more });

  it("holds when every row came back and recovery fits the target, with the arithmetic shown", () => {
    const good = run();
    expect(good.hypothesis).toBe("held");
    expect(ids(good)).toEqual(["backup.restored-whole", "backup.restored-elsewhere", "backup.rto-held"]);
    // 60 MB in 1.5 s is 40 MB/s; 20 GB at that rate are 500 s, and 35 minutes go to the rest.
    expect(value(good, "restore-rate")).toBe(40);
    expect(value(good, "projected-restore")).toBe(500_000);
    expect(value(good, "projected-recovery")).toBe(500_000 + 35 * 60_000);
    expect(good.findings.at(-1)?.evidence[0]).toBe("restore: 20.0 GB ÷ 40.0 MB a second = 8.3 min");
  });
  it("is refuted by a missing row, and by another content of as many rows", () => {
    expect(ids(run({ restored: { rows: 999 } }))).toContain("backup.restore-incomplete");
    const other = run({ restored: { checksum: "abd" } });
    expect(other.hypothesis).toBe("refuted");
    expect(ids(other)).toContain("backup.restore-incomplete");
    expect(value(other, "checksum-equal")).toBe(0);
  });
  it("is refuted by a recovery that takes longer than the target, as the module's 45 minutes for 20 GB do", () => {
    // 7.4 MB/s, the training module's own example, against its one hour.
    const slow = run({ restored: { bytes: 60_000_000, tookMs: 60_000 / 7.4 } });
    expect(slow.hypothesis).toBe("refuted");
    expect(ids(slow)).toContain("backup.rto-missed");
    expect(value(slow, "projected-restore")).toBeCloseTo(45 * 60_000, -5);
  });
  it("is inconclusive about time when too little was restored, and says so", () => {
    const small = run({ restored: { bytes: 200_000 } });
    expect(small.hypothesis).toBe("inconclusive");
    expect(ids(small)).toContain("backup.sample-too-small");
    expect(ids(small)).not.toContain("backup.rto-missed");
    expect(ids(run())).not.toContain("backup.sample-too-small");
  });
  it("is inconclusive without a restore, and when the run is unsound", () => {
    const early = run({ restored: null, "primary-untouched": null });
    expect(early.hypothesis).toBe("inconclusive");
    expect(value(early, "rows-after-restore")).toBeNull();
    expect(run({}, { unsound: ["the probes stalled"] }).hypothesis).toBe("inconclusive");
  });
  it("says it loudly when the primary changed, or when the target was refused", () => {
    const touched = run({ "primary-untouched": { rows: 1000 } });
    expect(touched.hypothesis).toBe("refuted");
    expect(ids(touched)).toContain("backup.primary-touched");
    const refused = run({ "restore-target": { ok: false, text: "same identifier" }, restored: null });
    expect(ids(refused)).toContain("backup.restore-refused");
  });
  it("says when the dump had to come from the primary", () => {
    expect(ids(run({ backup: { fromPrimary: true, from: "postgresql-0" } }))).toContain("backup.dumped-from-primary");
    expect(ids(run())).not.toContain("backup.dumped-from-primary");
  });
  it("compares the clients' latency during the dump with that before, and calls it felt only when it is", () => {
    const operations = (slowMs: number) =>
      Array.from({ length: 1400 }, (_unused, index) => {
        const at = index * 10;
        return op({ seq: index + 1, at, took: at >= 8000 && at < 11_000 ? slowMs : 2 });
      });
    const events = [event(5000, "run", "fault-injected", {}), ...withChanges(sound, {})];
    const effect = (slowMs: number) =>
      judged("postgres-backup", events, { parameters, operations: operations(slowMs) }).findings.find(
        ({ id }) => id === "backup.effect-on-clients",
      );
    expect(effect(200)).toMatchObject({ severity: "medium", title: "Writes were slower during pg_dump" });
    expect(effect(3)).toMatchObject({ severity: "info" });
  });
  it("projects nothing from nothing", () => {
    const context = { writes: [], outages: [], unsound: [], parameters, previous: null };
    expect(projectRecovery(context, null)).toBeNull();
    expect(projectRecovery(context, { bytes: 0, tookMs: 10 })).toBeNull();
    expect(projectRecovery({ ...context, parameters: {} }, { bytes: 1, tookMs: 1 })).toBeNull();
  });
});

describe("backup-verification", () => {
  const parameters = {
    rpo: "24h",
    minBytes: 1024,
    tables: "users:1..,orders:5..10",
    maxDropPercent: 20,
    maxLag: "10s",
  };
  const found = {
    where: "backup/backup-0:/backups/*",
    name: "/backups/a.dump",
    bytes: 50_000,
    ageMs: 60_000,
    count: 3,
  };
  const sound: ReadonlyArray<[string, number, Detail]> = [
    ["replication-lag", 1, { streaming: 2, replica: "postgresql-1", bytes: 10, lagMs: 5 }],
    ["backup-found", 2, found],
    ["backup-fetched", 3, { bytes: 50_000, expected: 50_000, tookMs: 10 }],
    ["backup-format", 4, { format: "custom" }],
    ["backup-listed", 5, { entries: 20, problem: null }],
    ["backup-restored", 6, { exitCode: 0, problem: null, tables: 3, bytes: 9_000_000, tookMs: 500 }],
    ["table-rows", 7, { table: "users", rows: 2000, problem: null }],
  ];
  const orders = (rows: number | null): TimelineEvent =>
    step("table-rows", 8, {
      table: "orders",
      rows,
      problem: rows === null ? 'relation "orders" does not exist' : null,
    });
  const run = (changes: Changes = {}, more: Parameters<typeof judged>[2] = {}, last = orders(7)): Judgement =>
    judged("postgres-backup-check", [...withChanges(sound, changes), last], { parameters, ...more });
  const nothing: Changes = Object.fromEntries(
    ["backup-found", "backup-fetched", "backup-format", "backup-listed", "backup-restored", "table-rows"].map(
      (name) => [name, null],
    ),
  );
  const unlisted: Changes = { "backup-listed": null, "backup-restored": null, "table-rows": null };
  const mechanism = (judgement: Judgement): string[] =>
    judgement.findings.find(({ id }) => id === "backup.mechanisms")?.evidence ?? [];

  it("holds for a backup that is there, young, whole and full, and says which of GitLab's failures it looked for", () => {
    const good = run();
    expect(good).toMatchObject({ hypothesis: "held" });
    expect(ids(good)).toEqual(["backup.mechanisms", "backup.verified"]);
    expect(value(good, "rows.users")).toBe(2000);
    expect(mechanism(good)).toHaveLength(5);
    expect(mechanism(good).join("\n")).not.toMatch(/FAILED|not observed/);
  });

  const cases: ReadonlyArray<[id: string, mechanism: number | null, judgement: () => Judgement]> = [
    [
      "backup.missing",
      0,
      () => judged("postgres-backup-check", [step("backup-missing", 1, { where: "there" })], { parameters }),
    ],
    [
      "backup.unreadable",
      0,
      () =>
        judged("postgres-backup-check", [step("backup-unreadable", 1, { where: "s3://b/", problem: "AccessDenied" })], {
          parameters,
        }),
    ],
    ["backup.stale", 1, () => run({ "backup-found": { ageMs: 25 * 3600_000 } })],
    ["backup.empty", 2, () => run({ "backup-found": { bytes: 0 }, "backup-format": { format: "empty" }, ...unlisted })],
    ["backup.empty", 2, () => run({ "backup-restored": { tables: 0 } })],
    ["backup.too-small", 2, () => run({ "backup-found": { bytes: 500 }, "backup-fetched": { bytes: 500 } })],
    ["backup.not-a-backup", 3, () => run({ "backup-format": { format: "unknown" }, ...unlisted })],
    [
      "backup.truncated",
      3,
      () => run({ "backup-restored": { exitCode: 1, problem: "could not read from input file: end of file" } }),
    ],
    ["backup.truncated", 3, () => run({ "backup-fetched": { bytes: 40_000 } })],
    [
      "backup.restore-failed",
      3,
      () => run({ "backup-restored": { exitCode: 1, problem: 'type "geometry" does not exist' } }),
    ],
    ["backup.wrong-rows", 2, () => run({ "table-rows": { rows: 0 } })],
    ["backup.wrong-rows", 2, () => run({}, {}, orders(11))],
    ["backup.wrong-rows", 2, () => run({}, {}, orders(null))],
    ["backup.replication-lag", 4, () => run({ "replication-lag": { bytes: 20_000_000 } })],
    ["backup.replication-lag", 4, () => run({ "replication-lag": { lagMs: 11_000 } })],
    ["backup.replication-lag", 4, () => run({ "replication-lag": { streaming: 0, bytes: null, lagMs: null } })],
  ];
  it.each(cases)("%s is critical and refutes, and the table of failures says so (line %s)", (id, line, judgement) => {
    const bad = judgement();
    expect(bad.hypothesis).toBe("refuted");
    expect(bad.findings.find((finding) => finding.id === id)).toMatchObject({ severity: "critical" });
    if (line !== null) expect(mechanism(bad)[line]).toContain("FAILED");
    expect(ids(bad)).not.toContain("backup.verified");
    expect(ids(run())).not.toContain(id);
  });

  const previous = (measures: Record<string, number>): Report =>
    ({
      measures: Object.entries(measures).map(([id, amount]) => ({ id, title: id, value: amount, unit: "count" })),
    }) as unknown as Report;
  it("compares size and rows with the last run, where there is one", () => {
    const shrunk = run({}, { previous: previous({ "backup-bytes": 100_000, "rows.users": 2000 }) });
    expect(shrunk.findings.find(({ id }) => id === "backup.shrank")?.evidence).toEqual([
      "the file: 50,000 bytes now, 0.1 MB in the last run",
    ]);
    expect(shrunk.hypothesis).toBe("refuted");
    expect(ids(run({}, { previous: previous({ "rows.users": 3000 }) }))).toContain("backup.shrank");
    const same = run({}, { previous: previous({ "backup-bytes": 51_000, "rows.users": 1990 }) });
    expect(same.hypothesis).toBe("held");
    expect(same.findings.flatMap(({ evidence }) => evidence).join("\n")).toContain("last run 1,990");
  });
  it("refutes also when the probes say too little, since a bad backup proves itself; but holds only when all is sound", () => {
    const unsound = ["the probes stalled"];
    expect(run({ "backup-found": { ageMs: 25 * 3600_000 } }, { unsound }).hypothesis).toBe("refuted");
    expect(run({}, { unsound }).hypothesis).toBe("inconclusive");
    expect(run({ ...nothing }, {}).hypothesis).toBe("inconclusive");
  });
});
