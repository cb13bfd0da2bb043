import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { approve, artifact, askForRun, reportOf, startTestStack, untilState } from "../support/stack.ts";

describe.skipIf(process.getuid?.() !== 0)("PostgreSQL under Patroni, through Slack's protocol", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  const exec = (pod: string, ...command: string[]): Promise<string> =>
    kubectlOk(stack.lab.kubeconfigPath, ["exec", pod, "-n", "database", "--", ...command]);
  const psql = async (pod: string, sql: string) => (await exec(pod, "psql", "-U", "postgres", "-Atc", sql)).trim();
  const run = async (text: string): Promise<{ runId: string; report: Report }> => {
    const { runId, card } = await askForRun(stack, text);
    await approve(stack, card);
    expect(await untilState(stack, runId, ["completed"], 200_000)).toBe("completed");
    const report = await reportOf(stack, runId);
    expect(report.verdicts, JSON.stringify(report.cleanup)).toMatchObject({ run: "completed", cleanup: "verified" });
    expect(report.writes.byClient).toEqual(recount((await artifact(stack, runId, "history.jsonl")).toString("utf8")));
    return { runId, report };
  };
  const curl = (path: string): Promise<string> =>
    kubectlOk(
      stack.lab.kubeconfigPath,
      `exec deployment/api-server -n app -- curl -s http://localhost:8080${path}`.split(" "),
    );
  /** What the servers have counted of the application's writes so far: its own answers, and the rows that were removed. */
  const counted = async () => {
    const metrics = await curl("/metrics");
    const stored = /path="\/api\/test-write",status="201"\} (\d+)/.exec(metrics);
    const removed = "select coalesce(sum(n_tup_del), 0) from pg_stat_user_tables where relname = 'test_writes'";
    const rows = new Map<string, number>();
    for (const pod of ["postgresql-0", "postgresql-1", "postgresql-2"]) rows.set(pod, Number(await psql(pod, removed)));
    const pool = JSON.parse(await curl("/api/pool")) as { figures: Record<string, number> };
    return { stored: Number(stored?.[1] ?? 0), rows, broken: pool.figures["broken"] ?? 0 };
  };
  /** The report's figures of the application against what application and database counted meanwhile. */
  const agrees = (report: Report, before: Counted, after: Counted, primary: string): void => {
    const writes = report.writes.byClient["app-writes"];
    if (writes === undefined || writes.lost === null || writes.recovered === null) throw new Error("no app-writes");
    const answered = after.stored - before.stored;
    expect(answered).toBeGreaterThanOrEqual(writes.acknowledged);
    expect(answered).toBeLessThanOrEqual(writes.acknowledged + writes.unknown);
    const removed = (after.rows.get(primary) ?? 0) - (before.rows.get(primary) ?? 0);
    expect(removed).toBe(writes.acknowledged - writes.lost + writes.recovered);
    expect(found(report).get("pool-broken")).toBe(after.broken - before.broken);
    expect(found(report).get("pool-broken")).toBeGreaterThan(0);
    for (const id of ["app-first-write", "pool-left-old", "pool-empty", "pool-before"]) {
      expect(found(report).get(id), id).toBeGreaterThan(0);
    }
    expect(found(report).get("app-reconnect")).toBeGreaterThanOrEqual(0);
    expect(report.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["application.reconnected", "application.pool-broken", "application.reads-failed"]),
    );
    expect(report.settings).toContainEqual(expect.objectContaining({ name: "pool.max", value: "10" }));
  };
  type Counted = Awaited<ReturnType<typeof counted>>;
  const found = (report: Report) => new Map(report.measures.map(({ id, value }) => [id, value]));
  const roleEvents = (report: Report) => report.timeline.filter(({ event }) => event === "role");

  it("fails over from a killed primary, and says when each step was done", async () => {
    const before = await counted();
    const { report } = await run(
      "run patroni-failover duration=26s baseline=4s recovery=90s maxOutage=60s maxReconnect=60s",
    );
    const measures = found(report);
    for (const id of [
      "gone",
      "leader-loss-seen",
      "lock-expired",
      "lock-taken",
      "promoted",
      "endpoint",
      "first-new-write",
      "back",
      "rejoined",
    ]) {
      expect(measures.get(id), id).toBeGreaterThan(0);
    }
    expect(measures.get("leader-loss-seen")).toBeLessThan(measures.get("lock-expired") ?? 0);
    expect(report.expected?.steps.map(({ place }) => place)).not.toContain(null);
    expect(measures.get("lock-expired")).toBeLessThanOrEqual(measures.get("promoted") ?? 0);
    expect(measures.get("double-acceptance")).toBe(0);
    // Whether it has to be rewound depends on what it wrote last and nobody had.
    expect(report.measures.find(({ id }) => id === "rejoined")?.note).toMatch(/^(rewound by|on its own data)/);
    // What the servers themselves say, by the module's own commands.
    const primary = roleEvents(report).findLast(({ detail }) => detail["role"] === "primary")?.source ?? "";
    expect(await psql(primary, "select pg_is_in_recovery()")).toBe("f");
    expect(await psql(primary, "select count(*) from pg_stat_replication where state = 'streaming'")).toBe("2");
    expect(await psql(primary, "select timeline_id from pg_control_checkpoint()")).toBe(
      String(measures.get("timeline")),
    );
    expect(await exec(primary, "patronictl", "list")).toMatch(new RegExp(`${primary}.*Leader`));
    expect(await psql(primary, "select count(*) from pg_tables where tablename like 'aftershock%'")).toBe("0");
    expect(await psql(primary, "select count(*) from app.test_writes where run is not null")).toBe("0");
    agrees(report, before, await counted(), primary);
    expect(measures.get("app-first-write")).toBeGreaterThan(measures.get("lock-expired") ?? Infinity);
    expect(report.findings.find(({ id }) => id === "patroni.failover-time")?.evidence.join()).toMatch(
      /the first write through the application came after \d+/,
    );
    expect(JSON.parse(await curl("/api/health"))).toMatchObject({ status: "ok", writable: true });
  });

  it("demotes a primary that is cut off before another is promoted, and counts what it took alone", async () => {
    const before = await counted();
    const { report } = await run(
      "run patroni-partition duration=27s baseline=4s recovery=90s settle=5s maxOutage=60s maxReconnect=60s",
    );
    const measures = found(report);
    expect(measures.get("last-old-write")).toBeLessThan(measures.get("promoted") ?? 0);
    expect(measures.get("double-acceptance")).toBe(0);
    expect(report.writes.total.lost).toBeGreaterThan(20);
    // It wrote beyond the fork, so it cannot have come back otherwise.
    expect(report.measures.find(({ id }) => id === "rejoined")?.note).toBe("rewound by pg_rewind");
    expect(report.verdicts.hypothesis).toBe("refuted");
    expect(report.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["patroni.lost-acknowledged-writes", "patroni.demoted-before-promotion"]),
    );
    const names = ["postgresql-0", "postgresql-1", "postgresql-2"];
    const recovering = await Promise.all(names.map((name) => psql(name, "select pg_is_in_recovery()")));
    expect(recovering.toSorted()).toEqual(["f", "t", "t"]);
    agrees(report, before, await counted(), names[recovering.indexOf("f")] ?? "");
  });
});
