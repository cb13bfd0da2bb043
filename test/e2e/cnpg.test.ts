import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { withTargets } from "../support/lab-targets.ts";
import {
  alice,
  approve,
  artifact,
  askForRun,
  calm,
  eventsOf,
  reportOf,
  startTestStack,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

const names = ["orders-0", "orders-1", "orders-2"];

/**
 * PostgreSQL as CloudNativePG has it, by the preset of its target alone: over TLS, with the logins of its Secrets, and with
 * the rights that are printed for that configuration and no more.
 */
describe.skipIf(process.getuid?.() !== 0)("PostgreSQL under CloudNativePG, through Slack's protocol", () => {
  let stack: Stack;
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  beforeAll(async () => {
    const target = { preset: "cloudnative-pg", instance: "orders", namespace: "cnpg" };
    const lab = {
      targets: [
        { name: "orders", ...target },
        { name: "as-owner", ...target, user: "app" },
      ],
    };
    stack = await startTestStack(withTargets(directory, lab));
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const kubectl = (...args: string[]): Promise<string> => kubectlOk(stack.lab.kubeconfigPath, args);
  const psql = async (pod: string, sql: string): Promise<string> =>
    (await kubectl("exec", pod, "-n", "cnpg", "--", "psql", "-U", "postgres", "-XAtqc", sql)).trim();
  const primaryNow = async (): Promise<string> => {
    const answers = await Promise.all(names.map((pod) => psql(pod, "select pg_is_in_recovery()")));
    expect(answers.toSorted()).toEqual(["f", "t", "t"]);
    return names[answers.indexOf("f")] ?? "";
  };
  const run = async (text: string): Promise<{ report: Report; thread: string }> => {
    const { runId, card } = await askForRun(stack, text);
    await approve(stack, card);
    expect(await untilState(stack, runId, ["completed", "failed", "aborted"], 200_000)).toBe("completed");
    const report = await reportOf(stack, runId);
    expect(report.verdicts, JSON.stringify(report.cleanup)).toMatchObject({ run: "completed", cleanup: "verified" });
    const history = (await artifact(stack, runId, "history.jsonl")).toString("utf8");
    expect(report.writes.byClient).toEqual(recount(history));
    const thread = await threadText(stack, card);
    // What a person of CloudNativePG reads is not about another's manager, and no password is in anything.
    expect(thread).not.toMatch(/patroni/i);
    expect(JSON.stringify([report.findings, report.measures, report.because])).not.toMatch(/patroni/i);
    for (const secret of ["orders-app", "orders-superuser"]) {
      const encoded = await kubectl("get", "secret", secret, "-n", "cnpg", "-o", "jsonpath={.data.password}");
      const password = Buffer.from(encoded, "base64").toString("utf8");
      for (const told of [JSON.stringify(await eventsOf(stack, runId)), history, thread]) {
        expect(told).not.toContain(password);
      }
    }
    expect(await psql(await primaryNow(), "select count(*) from pg_tables where tablename like 'aftershock%'")).toBe(
      "0",
    );
    return { report, thread };
  };
  const found = (report: Report) => new Map(report.measures.map(({ id, value }) => [id, value]));

  it("is refused for the application's owner, in words that name the grant", async () => {
    const answer = async (): Promise<string> =>
      (await ask(stack.slack, alice, `run cnpg-failover target=as-owner ${calm}`)).text ?? "";
    expect(await answer()).toMatch(/GRANT pg_monitor TO that user/);
    const other = (await ask(stack.slack, alice, "run patroni-failover namespace=cnpg appLabel=orders")).text ?? "";
    expect(other).toMatch(/belongs to CloudNativePG.*cnpg-failover/s);
  });

  it("fails over from a killed primary, and says when each step was done", async () => {
    const before = await primaryNow();
    const { report } = await run(
      `run cnpg-failover target=orders duration=20s baseline=4s recovery=90s maxOutage=60s ${calm}`,
    );
    const measures = found(report);
    for (const id of ["gone", "leader-loss-seen", "promoted", "endpoint", "first-new-write", "back", "rejoined"]) {
      expect(measures.get(id), id).toBeGreaterThan(0);
    }
    expect(measures.has("lock-expired")).toBe(false);
    expect(measures.get("double-acceptance")).toBe(0);
    // The superuser may read the history of timelines.
    expect(measures.get("bytes-beyond-fork")).not.toBeNull();
    expect(report.verdicts.hypothesis, report.because).toBe(report.writes.total.lost === 0 ? "held" : "refuted");
    expect(report.findings.map(({ id }) => id)).toContain("cnpg.failover-time");
    // What the servers and the operator's label say.
    const primary = await primaryNow();
    expect(primary).not.toBe(before);
    expect(report.because.includes(primary) || report.verdicts.hypothesis === "refuted").toBe(true);
    const streaming = "select string_agg(application_name, ' ' order by application_name) from pg_stat_replication";
    // The run goes by what each member has, and one that reconnects may be on its way.
    await waitFor(
      () => psql(primary, streaming),
      (replicas) => replicas === names.filter((name) => name !== primary).join(" "),
      30_000,
    );
    const label = ["get", "pods", "-n", "cnpg", "-l", "cnpg.io/instanceRole=primary", "-o", "name"];
    expect((await kubectl(...label)).trim()).toBe(`pod/${primary}`);
    expect(await psql(primary, "select timeline_id from pg_control_checkpoint()")).toBe(
      String(measures.get("timeline")),
    );
    expect(report.measures.find(({ id }) => id === "rejoined")?.note).toMatch(/^(rewound by|on its own data)/);
  }, 240_000);

  it("is slow on a slow volume, without a failover, and every member is checked afterwards", async () => {
    const before = await primaryNow();
    const startedAt = await psql(before, "select pg_postmaster_start_time()");
    const { report } = await run("run postgres-io-delay target=orders duration=12s baseline=6s recovery=60s");
    const measures = found(report);
    expect(measures.get("write-during")).toBeGreaterThan(200);
    expect(measures.get("damaged-members")).toBe(0);
    expect(report.verdicts.hypothesis, report.because).toBe("held");
    expect(report.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["postgres-io.no-failover-for-delay", "postgres-io.consistent"]),
    );
    expect(await primaryNow()).toBe(before);
    expect(await psql(before, "select pg_postmaster_start_time()")).toBe(startedAt);
  }, 240_000);

  it("stops when its log cannot be written, and acknowledges nothing that it could not store", async () => {
    const { report } = await run(
      "run postgres-wal-io-errors target=orders duration=15s baseline=5s recovery=60s maxOutage=60s percent=50",
    );
    const measures = found(report);
    expect(measures.get("crashed")).toBeGreaterThan(0);
    expect(measures.get("writable")).toBeGreaterThan(0);
    expect(measures.get("damaged-members")).toBe(0);
    // Whether it is up again before another takes over is chance; the report says what the servers say.
    const primary = await primaryNow();
    const tookOver = report.findings.find(({ id }) => id === "postgres-io.failed-over");
    const stayed = report.findings.find(({ id }) => id === "postgres-io.restarted-in-place");
    expect([tookOver, stayed].filter((finding) => finding !== undefined)).toHaveLength(1);
    expect((tookOver ?? stayed)?.title).toContain(primary);
  }, 240_000);

  it("fails over from a volume that is gone, and the old primary returns by itself", async () => {
    const before = await primaryNow();
    const { report } = await run(
      "run pv-unavailable target=orders duration=14s baseline=5s recovery=60s maxOutage=40s application=off",
    );
    const measures = found(report);
    const primary = await primaryNow();
    expect(primary).not.toBe(before);
    expect(measures.get("promoted")).toBeGreaterThan(0);
    expect(measures.get("writable")).toBeGreaterThan(0);
    expect(report.findings.find(({ id }) => id === "postgres-io.failed-over")?.title).toContain(primary);
    const lost = report.writes.total.lost ?? 0;
    expect(report.findings.some(({ id }) => id === "cnpg.lost-acknowledged-writes")).toBe(lost > 0);
  }, 240_000);
});
