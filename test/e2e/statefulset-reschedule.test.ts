import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import { detachAnnotation } from "../../src/lab/controllers/attach-detach.ts";
import { cordonedBy } from "../../src/probes/placement.ts";
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

const nodes = ["lab-node-1", "lab-node-2", "lab-node-3"];

describe.skipIf(process.getuid?.() !== 0)("a PostgreSQL member moved to another node, through Slack's protocol", () => {
  let stack: Stack;
  let worker: Stack["worker"];
  beforeAll(async () => {
    stack = await startTestStack();
    worker = stack.worker;
  });
  afterAll(() => stack?.stop());

  const k = (...args: string[]): Promise<string> => kubectlOk(stack.lab.kubeconfigPath, args);
  const pod = (name: string, path: string) => k("get", "pod", name, "-n", "database", "-o", `jsonpath={${path}}`);
  const psql = async (name: string, sql: string) =>
    (await k("exec", name, "-n", "database", "--", "psql", "-U", "postgres", "-Atc", sql)).trim();
  const volumeUid = (name: string) => k("get", "pv", `pv-database-data-${name}`, "-o", "jsonpath={.metadata.uid}");
  const primary = () =>
    k("get", "pods", "-n", "database", "-l", "role=master", "-o", "jsonpath={.items[*].metadata.name}");
  /** Cordoned nodes, and nodes that carry a run's mark: after a run there must be neither. */
  const cordoned = async (): Promise<string[]> => {
    const columns = `custom-columns=N:.metadata.name,U:.spec.unschedulable,R:.metadata.annotations.aftershock\\.dev/run`;
    const rows = (await k("get", "nodes", "-o", columns, "--no-headers")).trim().split("\n");
    return rows.filter((row) => !/<none> +<none>$/.test(row.trim()));
  };
  const measures = (report: Report) => new Map(report.measures.map(({ id, value }) => [id, value]));
  const ids = (report: Report) => report.findings.map(({ id }) => id);
  const finish = async (text: string): Promise<{ runId: string; report: Report; thread: string }> => {
    const { runId, card } = await askForRun(stack, text);
    await approve(stack, card);
    expect(await untilState(stack, runId, ["completed"], 200_000)).toBe("completed");
    const report = await reportOf(stack, runId);
    expect(report.verdicts, JSON.stringify(report.cleanup)).toMatchObject({ run: "completed", cleanup: "verified" });
    expect(report.writes.byClient).toEqual(recount((await artifact(stack, runId, "history.jsonl")).toString("utf8")));
    return { runId, report, thread: await threadText(stack, card) };
  };
  /** Every member streams again; a run's guards would refuse otherwise. */
  const steady = () =>
    waitFor(
      async () => {
        const name = await primary();
        return name === ""
          ? ""
          : psql(name, "select count(*) from pg_stat_replication where state = 'streaming'").catch(() => "");
      },
      (streaming) => streaming === "2",
      60_000,
    );
  beforeEach(steady, 70_000);

  it("moves the primary with its volume and data, times each part, and uncordons the node", async () => {
    const member = await primary();
    const [from, uid, volume] = await Promise.all([
      pod(member, ".spec.nodeName"),
      pod(member, ".metadata.uid"),
      volumeUid(member),
    ]);
    const system = await psql(member, "select system_identifier from pg_control_system()");
    const { report, thread, runId } = await finish(
      "run statefulset-reschedule duration=10s baseline=4s recovery=60s maxReschedule=60s",
    );
    const found = measures(report);
    expect(report.verdicts.hypothesis, report.because).toBe("held");
    // The lab's storage takes a second for each; load can only add to that.
    expect(found.get("detach")).toBeGreaterThan(700);
    expect(found.get("attach")).toBeGreaterThan(700);
    for (const [earlier, later] of [
      ["scheduled", "attached"],
      ["attached", "started"],
      ["started", "reschedule"],
    ] as const) {
      expect(found.get(earlier), earlier).toBeLessThanOrEqual(found.get(later) ?? -1);
    }
    expect(found.get("marker-rows")).toBe(5000);
    expect(found.get("lost")).toBe(0);
    expect(ids(report)).toEqual(
      expect.arrayContaining(["reschedule.time", "reschedule.volume-move", "reschedule.data-there"]),
    );
    // What the cluster itself says.
    const to = await pod(member, ".spec.nodeName");
    expect(to).not.toBe(from);
    expect(report.because).toContain(`ready on ${to}`);
    expect(await pod(member, ".metadata.uid")).not.toBe(uid);
    expect(await volumeUid(member)).toBe(volume);
    const attached = "custom-columns=V:.spec.source.persistentVolumeName,N:.spec.nodeName,A:.status.attached";
    expect(await k("get", "volumeattachments", "-o", attached)).toMatch(
      new RegExp(`pv-database-data-${member} +${to} +true`),
    );
    const events = await k("get", "events", "-n", "database", "-o", "custom-columns=R:.reason,M:.message");
    expect(events).toMatch(
      new RegExp(`FailedAttachVolume +Multi-Attach error for volume "pv-database-data-${member}"`),
    );
    expect(await cordoned()).toEqual([]);
    // What the server itself says: the same database, and nothing of ours left in it.
    expect(await psql(member, "select system_identifier from pg_control_system()")).toBe(system);
    expect(await psql(await primary(), "select count(*) from pg_tables where tablename like 'aftershock%'")).toBe("0");
    expect(report.timeline.find(({ event }) => event === "marker-read")?.detail).toMatchObject({
      rows: 5000,
      systemIdentifier: system,
    });
    // What was approved, and what was told.
    const [requested] = (await eventsOf(stack, runId)).flatMap((event) => (event.type === "requested" ? [event] : []));
    expect(requested?.plan.faults.map(({ kind, resolved }) => [kind, resolved])).toEqual([
      ["Cordon", { node: from }],
      ["PodDelete", undefined],
    ]);
    for (const word of ["pod-scheduled", "volume-detached", "volume-attached", `node ${from} takes pods again`]) {
      expect(thread).toContain(word);
    }
  });

  it("finds that a replica took over where the storage is slower than the lock", async () => {
    const member = await primary();
    await k("annotate", "pv", `pv-database-data-${member}`, `${detachAnnotation}=24000`);
    const { report } = await finish(
      "run statefulset-reschedule duration=27s baseline=4s recovery=90s maxReschedule=10s",
    );
    await k("annotate", "pv", `pv-database-data-${member}`, `${detachAnnotation}-`);
    const found = measures(report);
    expect(found.get("detach")).toBeGreaterThan(23_000);
    expect(found.get("promoted")).toBeLessThan(found.get("reschedule") ?? 0);
    expect(report.verdicts.hypothesis).toBe("refuted");
    expect(report.because).toMatch(/later than 10\.00 s/);
    expect(ids(report)).toContain("reschedule.failover");
    expect(ids(report)).not.toContain("reschedule.no-failover");
    expect(await primary()).not.toBe(member);
    expect(await psql(member, "select pg_is_in_recovery()")).toBe("t");
    expect(await cordoned()).toEqual([]);
  });

  it("uncordons the node when it is stopped, and says so", async () => {
    const { runId, card } = await askForRun(
      stack,
      "run statefulset-reschedule member=replica duration=60s baseline=3s recovery=60s",
    );
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    const held = await cordoned();
    expect(held).toHaveLength(1);
    expect(held[0]).toMatch(new RegExp(`true +${runId}$`));
    await ask(stack.slack, alice, `abort ${runId}`);
    await untilState(stack, runId, ["aborted"]);
    expect(await cordoned()).toEqual([]);
    expect((await reportOf(stack, runId)).verdicts).toMatchObject({ run: "aborted", cleanup: "verified" });
  });

  it("a worker killed while the node is cordoned: another one uncordons it, proves it, and says interrupted", async () => {
    const { runId, card } = await askForRun(stack, "run statefulset-reschedule duration=90s baseline=3s recovery=60s");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    expect(await cordoned()).toHaveLength(1);
    worker.kill("SIGKILL");
    worker = await stack.startWorker();
    await untilState(stack, runId, ["interrupted"], 90_000);
    expect(await cordoned()).toEqual([]);
    const proofs = (await eventsOf(stack, runId)).flatMap((event) => (event.type === "healing-proof" ? [event] : []));
    expect(proofs.filter(({ ok }) => !ok)).toEqual([]);
    expect(proofs.map(({ what }) => what).join("; ")).toMatch(/node lab-node-\d takes pods again.*is back and ready/);
    expect((await reportOf(stack, runId)).verdicts).toEqual({
      hypothesis: "inconclusive",
      run: "interrupted",
      cleanup: "verified",
    });
    expect(await psql(await primary(), "select count(*) from pg_tables where tablename like 'aftershock%'")).toBe("0");
  });

  it("uncordons the node when the worker is told to leave", async () => {
    const { runId, card } = await askForRun(
      stack,
      "run statefulset-reschedule member=replica duration=60s baseline=3s recovery=60s",
    );
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    await worker.stop(60_000);
    expect(await cordoned()).toEqual([]);
    expect(await untilState(stack, runId, ["interrupted"], 5000)).toBe("interrupted");
    worker = await stack.startWorker();
  });

  it("fails and takes its mark away when somebody uncordons the node meanwhile", async () => {
    const { runId, card } = await askForRun(
      stack,
      "run statefulset-reschedule member=replica duration=60s baseline=3s recovery=60s",
    );
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    await k("uncordon", ...nodes);
    await untilState(stack, runId, ["failed"]);
    expect(await cordoned()).toEqual([]);
    const report = await reportOf(stack, runId);
    expect(report.run.reason).toMatch(/somebody uncordoned lab-node-\d/);
    expect(report.verdicts).toMatchObject({ hypothesis: "inconclusive", cleanup: "verified" });
  });

  it("touches nothing when a person has cordoned the node, or a run has left one so, and leaves both as they are", async () => {
    const node = await pod(await primary(), ".spec.nodeName");
    const other = nodes.find((name) => name !== node) ?? "";
    await k("cordon", node);
    await k("annotate", "node", other, `${cordonedBy}=run-999`);
    const { runId, card } = await askForRun(stack, "run statefulset-reschedule duration=15s baseline=3s recovery=30s");
    await approve(stack, card);
    await untilState(stack, runId, ["failed"]);
    const events = await eventsOf(stack, runId);
    expect(events.flatMap((event) => (event.type === "guard" && !event.ok ? [event.id] : []))).toEqual([
      "node-not-cordoned",
      "no-leftovers",
    ]);
    expect(events.some((event) => event.type === "fault-intended")).toBe(false);
    expect(await k("get", "node", node)).toContain("SchedulingDisabled");
    expect(await cordoned()).toHaveLength(2);
    await k("uncordon", node);
    await k("annotate", "node", other, `${cordonedBy}-`);
  });
});
