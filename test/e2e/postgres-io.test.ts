import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { approve, artifact, askForRun, reportOf, startTestStack, threadText, untilState } from "../support/stack.ts";

const names = ["postgresql-0", "postgresql-1", "postgresql-2"];

describe.skipIf(process.getuid?.() !== 0)("PostgreSQL's storage under faults, through Slack's protocol", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  const exec = (pod: string, ...command: string[]): Promise<string> =>
    kubectlOk(stack.lab.kubeconfigPath, ["exec", pod, "-n", "database", "--", ...command]);
  const psql = async (pod: string, sql: string) => (await exec(pod, "psql", "-U", "postgres", "-Atc", sql)).trim();
  const run = async (text: string) => {
    const { runId, card } = await askForRun(stack, text);
    await approve(stack, card);
    expect(await untilState(stack, runId, ["completed"], 200_000)).toBe("completed");
    const report = await reportOf(stack, runId);
    expect(report.verdicts, JSON.stringify(report.cleanup)).toMatchObject({ run: "completed", cleanup: "verified" });
    const jsonl = (await artifact(stack, runId, "history.jsonl")).toString("utf8");
    expect(report.writes.byClient).toEqual(recount(jsonl));
    await leavesNothingBehind();
    return { report, jsonl, thread: await threadText(stack, card) };
  };
  const found = (report: Report) => new Map(report.measures.map(({ id, value }) => [id, value]));
  const findingIds = (report: Report) => report.findings.map(({ id }) => id);
  /** The plainest median there is, from history.jsonl alone. */
  const medianOf = (jsonl: string, stage: string, query: string): number | undefined => {
    const times = jsonl
      .split("\n")
      .filter((line) => line.includes('"sample"'))
      .map((line) => JSON.parse(line) as { detail: { stage: string; query: string; ms: number; error: string | null } })
      .filter(({ detail }) => detail.stage === stage && detail.query === query && detail.error === null)
      .map(({ detail }) => detail.ms);
    times.sort((a, b) => a - b);
    return times[Math.floor((times.length - 1) / 2)];
  };
  /** No table, no extension, no file, no fault and no tracer of the run are left; every member is sound by pg_amcheck. */
  const leavesNothingBehind = async (): Promise<void> => {
    const primary = await primaryNow();
    expect(await psql(primary, "select count(*) from pg_tables where tablename like 'aftershock%'")).toBe("0");
    expect(await psql(primary, "select count(*) from pg_extension where extname = 'amcheck'")).toBe("0");
    expect(await kubectlOk(stack.lab.kubeconfigPath, ["get", "iochaos", "-n", "database", "-o", "name"])).toBe("");
    for (const pod of names) {
      // A process may end while it is looked at.
      expect(await exec(pod, "sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null; true")).not.toMatch(
        /TracerPid:\s+[1-9]/,
      );
      expect(await exec(pod, "ls", "-A", "/var/lib/postgresql/data")).not.toContain("aftershock");
    }
  };
  const primaryNow = async (): Promise<string> => {
    const answers = await Promise.all(names.map((pod) => psql(pod, "select pg_is_in_recovery()")));
    expect(answers.toSorted()).toEqual(["f", "t", "t"]);
    return names[answers.indexOf("f")] ?? "";
  };

  it("are slow without a failover: the module's exercise, step by step", async () => {
    const startedAt = await psql("postgresql-0", "select pg_postmaster_start_time()");
    const { report, jsonl, thread } = await run("run postgres-io-delay duration=15s baseline=6s recovery=60s");
    const measures = found(report);
    for (const query of ["cached-read", "write", "cold-read"]) {
      expect(measures.get(`${query}-before`), query).toBe(medianOf(jsonl, "before", query));
      expect(measures.get(`${query}-during`), query).toBe(medianOf(jsonl, "during", query));
    }
    // A commit is a write and a sync of 100 ms each; eight cold pages are eight reads.
    expect(measures.get("write-during")).toBeGreaterThan(200);
    expect(measures.get("cold-read-during")).toBeGreaterThan(800);
    expect(measures.get("connection-during")).toBeGreaterThan(1000);
    expect(measures.get("damaged-members")).toBe(0);
    expect(report.verdicts.hypothesis, report.because).toBe("held");
    expect(findingIds(report)).toEqual(
      expect.arrayContaining([
        "postgres-io.slower",
        "postgres-io.no-failover-for-delay",
        "postgres-io.served-from-shared-buffers",
        "postgres-io.slow-connections",
        "postgres-io.consistent",
      ]),
    );
    expect(report.timeline.map(({ event }) => event)).toContain("fault-effective");
    expect(thread).toContain("write during the fault");
    // What the servers say: the same primary, on the same timeline, and never restarted.
    expect(await primaryNow()).toBe("postgresql-0");
    expect(await psql("postgresql-0", "select pg_postmaster_start_time()")).toBe(startedAt);
    expect(await psql("postgresql-0", "select timeline_id from pg_control_checkpoint()")).toBe("1");
  });

  it("crash on errors in the log, again and again, and nobody takes over", async () => {
    const { report } = await run(
      "run postgres-wal-io-errors duration=15s baseline=5s recovery=60s maxOutage=8s percent=50",
    );
    const measures = found(report);
    expect(measures.get("crashed")).toBeGreaterThan(0);
    expect(measures.get("writable")).toBeGreaterThan(8000);
    expect(report.writes.total.lost).toBe(0);
    expect(report.verdicts.hypothesis).toBe("refuted");
    expect(report.because).toMatch(/nobody else was promoted/);
    expect(findingIds(report)).toEqual(
      expect.arrayContaining(["postgres-io.restarted-in-place", "postgres-io.consistent", "postgres-io.recovered"]),
    );
    // The same member. Whether its postmaster was restarted too, and it got a new timeline by that, is chance: the report
    // must say what the server says.
    expect(await primaryNow()).toBe("postgresql-0");
    const up = report.timeline.findLast(({ event, detail }) => event === "server" && detail["up"] === true);
    const started = await psql("postgresql-0", "select floor(extract(epoch from pg_postmaster_start_time()) * 1000)");
    expect(Date.parse(String(up?.detail["startedAt"]))).toBe(Number(started));
    await expectTimeline("postgresql-0", Number(measures.get("timeline")));
  });

  it("fail altogether: another takes over at once, and the old primary returns by itself", async () => {
    const { report } = await run(
      "run pv-unavailable duration=14s baseline=5s recovery=60s maxOutage=30s application=on",
    );
    const measures = found(report);
    const primary = await primaryNow();
    expect(primary).not.toBe("postgresql-0");
    expect(measures.get("promoted")).toBeGreaterThan(0);
    expect(measures.get("writable")).toBeGreaterThan(0);
    expect(report.writes.byClient["app-writes"]?.acknowledged).toBeGreaterThan(0);
    // What was acknowledged in the last moment cannot be sent to a replica any more: the sender reads it from the volume.
    const lost = report.writes.total.lost ?? 0;
    expect(lost).toBeLessThan(20);
    expect(findingIds(report).includes("patroni.lost-acknowledged-writes")).toBe(lost > 0);
    expect(report.findings.find(({ id }) => id === "postgres-io.failed-over")?.title).toContain(primary);
    expect(report.findings.find(({ id }) => id === "postgres-io.recovered")?.title).toBe(
      "postgresql-0 recovered by itself as a replica",
    );
    expect(report.verdicts.hypothesis, report.because).toBe(lost === 0 ? "held" : "refuted");
    await expectTimeline(primary, Number(measures.get("timeline")));
    expect(await exec(primary, "patronictl", "list")).toMatch(new RegExp(`${primary}.*Leader`));
  });

  it("are refused before anything is touched for a pattern that names no file", async () => {
    const { runId, card } = await askForRun(stack, "run postgres-io-delay files=index duration=5s baseline=3s");
    await approve(stack, card);
    await untilState(stack, runId, ["failed"], 60_000);
    expect(await threadText(stack, card)).toMatch(/\*\*\/\*\.idx names 0 of \d+ files/);
  });

  /** pg_control has the timeline from the last checkpoint on; a promotion makes one soon after. */
  async function expectTimeline(pod: string, timeline: number): Promise<void> {
    await psql(pod, "checkpoint");
    expect(await psql(pod, "select timeline_id from pg_control_checkpoint()")).toBe(String(timeline));
  }
});
