import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectlOk } from "../support/kubectl.ts";
import {
  alice,
  approve,
  artifact,
  askForRun,
  eventsOf,
  reportOf,
  startTestStack,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

describe.skipIf(process.getuid?.() !== 0)("backups of PostgreSQL, through Slack's protocol", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  const exec = (namespace: string, pod: string, ...command: string[]): Promise<string> =>
    kubectlOk(stack.lab.kubeconfigPath, ["exec", pod, "-n", namespace, "--", ...command]);
  const psql = async (sql: string, database = "postgres", pod = "postgresql-0"): Promise<string> =>
    (await exec("database", pod, "psql", "-U", "postgres", "-d", database, "-XAtc", sql)).trim();
  const found = (report: Report) => new Map(report.measures.map(({ id, value }) => [id, value]));
  const ids = (report: Report): string[] => report.findings.map(({ id }) => id);
  /** Pods, databases and tables that a run may have made. */
  const leftovers = async (): Promise<string> => {
    const pods = await kubectlOk(stack.lab.kubeconfigPath, [
      "get",
      "pods",
      "-A",
      "-l",
      "aftershock.dev/run",
      "-o",
      "name",
    ]);
    const databases = await psql("select datname from pg_database where datname like 'aftershock%'");
    return `${pods}${databases}${await psql("select tablename from pg_tables where tablename like 'aftershock%'")}`;
  };
  const run = async (text: string): Promise<Report> => {
    const { runId, card } = await askForRun(stack, text);
    await approve(stack, card);
    expect(await untilState(stack, runId, ["completed"], 120_000)).toBe("completed");
    const report = await reportOf(stack, runId);
    expect(report.verdicts, JSON.stringify(report.cleanup)).toMatchObject({ run: "completed", cleanup: "verified" });
    expect(report.writes.byClient).toEqual(recount((await artifact(stack, runId, "history.jsonl")).toString("utf8")));
    expect(await leftovers()).toBe("");
    return report;
  };

  it("backs up, loses every third row, and restores all of them elsewhere; figures are psql's and stat's own", async () => {
    const rows = 20_000;
    const { runId, card } = await askForRun(stack, `run backup-restore rows=${rows} baseline=4s`);
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    const identity = "select system_identifier from pg_control_system()";
    // Looked at while it runs, by plain commands: the dump in the run's pod, the restored rows in its instance.
    const pod = `${runId}-restore`;
    const inPod = (script: string) => exec("database", pod, "sh", "-c", script);
    const restored = `aftershock_restore_${runId.replace("-", "_")}`;
    // One command that waits in the pod: what it waits for is there only for a moment.
    const wait = `PATH=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH
      until [ "$(psql -h /scratch/socket -U postgres -XAtc 'select count(*) from records' ${restored} 2>/dev/null)" = ${rows} ]
      do sleep 0.1; done
      stat -c %s /scratch/files/backup.dump; psql -h /scratch/socket -U postgres -XAtc '${identity}'`;
    const [size, own = ""] = (await inPod(wait)).split("\n");
    expect(await untilState(stack, runId, ["completed"], 60_000)).toBe("completed");

    const report = await reportOf(stack, runId);
    expect(report.verdicts, report.because).toEqual({ hypothesis: "held", run: "completed", cleanup: "verified" });
    const measures = found(report);
    expect(measures.get("backup-bytes")).toBe(Number(size));
    expect(measures.get("rows-before")).toBe(rows);
    expect(measures.get("rows-after-loss")).toBe(rows - Math.floor(rows / 3));
    expect(measures.get("rows-after-restore")).toBe(rows);
    expect(measures.get("rows-on-primary")).toBe(rows - Math.floor(rows / 3));
    expect(measures.get("checksum-equal")).toBe(1);
    const rate = (measures.get("table-bytes") ?? 0) / (measures.get("restore-time") ?? 1) / 1000;
    expect(measures.get("restore-rate")).toBeCloseTo(rate, 0);
    // Both identifiers of the report are the servers' own, and differ.
    const elsewhere = report.findings.find(({ id }) => id === "backup.restored-elsewhere")?.evidence.join("\n");
    expect(elsewhere).toContain(own);
    expect(elsewhere).toContain(await psql(identity));
    expect(own).not.toBe(await psql(identity));
    expect(report.writes.byClient).toEqual(recount((await artifact(stack, runId, "history.jsonl")).toString("utf8")));
    expect(await leftovers()).toBe("");
    await waitFor(
      () => threadText(stack, card),
      (thread) => ["pg_dump -F c from", "rows gone", "is none of the members"].every((words) => thread.includes(words)),
      10_000,
    );
  });

  it("refuses to restore into what is the primary by another name, before anything is touched", async () => {
    const { runId, card } = await askForRun(
      stack,
      "run backup-restore restoreHost=postgresql.database.svc baseline=3s",
    );
    await approve(stack, card);
    await untilState(stack, runId, ["failed"]);
    const events = await eventsOf(stack, runId);
    const guard = events.find((event) => event.type === "guard" && !event.ok);
    expect(guard).toMatchObject({ id: "restore-target" });
    expect(JSON.stringify(guard)).toContain("has the system identifier of postgresql-0");
    expect(events.some((event) => event.type === "fault-intended")).toBe(false);
    expect(await leftovers()).toBe("");
  });

  it("verifies the newest backup, and then finds the next one broken", async () => {
    const good = await run("run backup-verification baseline=4s");
    expect(good.verdicts.hypothesis, good.because).toBe("held");
    for (const table of ["users", "orders", "products"]) {
      expect(found(good).get(`rows.${table}`)).toBe(Number(await psql(`select count(*) from ${table}`, "shop")));
    }
    const script = 'stat -c %s "$(ls -t /backups/*.dump | head -n 1)"';
    expect(found(good).get("backup-bytes")).toBe(Number(await exec("backup", "backup-0", "sh", "-c", script)));

    // The next backup breaks off, as on a full disk.
    const breaking =
      'head -c 20000 "$(ls -t /backups/*.dump | head -n 1)" > /backups/shop-next.dump; touch /backups/shop-next.dump';
    await exec("backup", "backup-0", "sh", "-c", breaking);
    const bad = await run("run backup-verification baseline=4s");
    expect(bad.verdicts.hypothesis).toBe("refuted");
    expect(ids(bad)).toEqual(expect.arrayContaining(["backup.truncated", "backup.shrank", "backup.mechanisms"]));
    expect(bad.findings.find(({ id }) => id === "backup.truncated")?.severity).toBe("critical");
    await exec("backup", "backup-0", "rm", "/backups/shop-next.dump");
  });

  it("leaves nothing behind when it is stopped in the middle of its work", async () => {
    const { runId, card } = await askForRun(stack, "run backup-restore rows=200000 baseline=3s");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    await waitFor(leftovers, (text) => text.includes("aftershock_backup"), 30_000);
    await ask(stack.slack, alice, `abort ${runId}`);
    await untilState(stack, runId, ["aborted"]);
    expect((await reportOf(stack, runId)).verdicts).toEqual({
      hypothesis: "inconclusive",
      run: "aborted",
      cleanup: "verified",
    });
    expect(await leftovers()).toBe("");
  });

  it("leaves nothing behind when its worker is killed: another one removes pod and databases, and says interrupted", async () => {
    const { runId, card } = await askForRun(stack, "run backup-restore rows=200000 baseline=3s");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    await waitFor(leftovers, (text) => text.includes("aftershock_backup") && text.includes(`${runId}-restore`), 30_000);
    stack.worker.kill("SIGKILL");
    await stack.startWorker();
    await untilState(stack, runId, ["interrupted"], 60_000);
    expect(await leftovers()).toBe("");
    expect((await reportOf(stack, runId)).verdicts).toEqual({
      hypothesis: "inconclusive",
      run: "interrupted",
      cleanup: "verified",
    });
  });
});
