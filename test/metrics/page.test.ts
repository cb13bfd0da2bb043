import { readFileSync } from "node:fs";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { composeMetrics } from "../../src/compose/metrics.ts";
import { queued, sources } from "../../src/metrics/definitions.ts";
import { createPage } from "../../src/metrics/page.ts";
import { referenceMarkdown } from "../../src/metrics/reference-markdown.ts";
import { openDatabase } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/events.ts";
import { insertFault, setFaultState } from "../../src/store/faults.ts";
import { asService, insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

const depth = async () => ({ waiting: 2, active: 1, delayed: 0 });
const nobody = async () => Promise.reject(new Error("Redis is away"));

let db: TestDatabase;
beforeAll(async () => {
  db = await asService(await startTestDatabase());
});
afterAll(() => db?.stop());

const metricsOf = (database = db.database, queue = depth) =>
  composeMetrics({ database, queue: { depth: queue }, scheduleQueue: { depth }, log: pino({ level: "silent" }) });
const seriesIn = (body: string) => body.split("\n").filter((line) => line.startsWith("aftershock_"));

describe("the page", () => {
  it("says what is stored", async () => {
    const before = seriesIn((await metricsOf().page()).body);
    expect(before).toEqual(
      expect.arrayContaining(["aftershock_halted 0", "aftershock_outbox_oldest_seconds 0", "aftershock_database_up 1"]),
    );
    const [going, over] = [await insertTestRun(db.database), await insertTestRun(db.database)];
    const fault = {
      faultId: "cut",
      cluster: "lab",
      kind: "NetworkChaos",
      namespace: "cache",
      name: "cut-1",
      manifest: { apiVersion: "v1", kind: "NetworkChaos", metadata: { name: "cut-1" } },
      targets: { subject: [], target: [] },
    };
    for (const run of [going, over]) {
      await insertFault(db.database, run, fault);
      await setFaultState(db.database, run, "cut", "injected");
    }
    await db.database.query("update runs set state = 'active' where id = $1", [going]);
    await db.database.query("update runs set state = 'completed', ended_at = now() where id = $1", [over]);
    const verdicts = { hypothesis: "held", run: "completed", cleanup: "unverified" };
    await appendEvents(db.database, over, [
      { type: "judged", report: { verdicts } as never, artifacts: [] },
      { type: "judged", report: {} as never, artifacts: [] },
    ]);
    await db.database.query("insert into alarms (run_id, cluster, target_key, reasons) values ($1, 'lab', 'x', '[]')", [
      over,
    ]);
    await db.database.query("insert into halts (latch, halted_by) values (gen_random_uuid(), 'U1')");
    await db.database.query(
      `insert into slack_outbox (run_id, key, channel_id, position, in_thread, payload, wanted_at)
       values ($1, 'card', 'C1', 0, false, '{}', clock_timestamp() - interval '1 hour')`,
      [going],
    );
    const { body, contentType } = await metricsOf().page();
    const labels = `run="${going}",fault="cut",kind="NetworkChaos",cluster="lab"`;
    expect(contentType).toContain("text/plain");
    expect(seriesIn(body)).toEqual(
      expect.arrayContaining([
        'aftershock_runs{experiment="redis-split-brain",state="active"} 1',
        'aftershock_runs_ended_total{experiment="redis-split-brain",outcome="completed",hypothesis="held",cleanup="unverified"} 1',
        `aftershock_run_phase{run="${going}",experiment="redis-split-brain",cluster="lab",phase="active"} 1`,
        'aftershock_faults{kind="NetworkChaos",state="injected"} 1',
        'aftershock_faults{kind="PodChaos",state="injected"} 0',
        `aftershock_fault_planned_seconds{${labels}} 15`,
        'aftershock_cleanup_alarms_open{state="raised"} 1',
        'aftershock_cleanup_alarms_open{state="acknowledged"} 0',
        "aftershock_halted 1",
        "aftershock_outbox_messages 1",
        'aftershock_queue_jobs{queue="runs",state="waiting"} 2',
      ]),
    );
    expect(body).toContain(`aftershock_fault_age_seconds{${labels}} 0.`);
    expect(body).toMatch(/aftershock_outbox_oldest_seconds 36\d\d/);
    // A run that ended has no series of its own.
    expect(body).not.toContain(`run="${over}"`);
  });
  it("has no series of a database or a queue that is away, and says that they are", async () => {
    const away = openDatabase("postgres://nobody@127.0.0.1:1/none", () => undefined);
    const series = seriesIn((await metricsOf(away, nobody).page()).body);
    await away.end();
    expect(series).toEqual(expect.arrayContaining(["aftershock_database_up 0", "aftershock_queue_up 0"]));
    expect(series.filter((line) => /^aftershock_(halted|runs|fault|outbox|queue_jobs|cleanup)/.test(line))).toEqual([]);
    expect(series).toContain("aftershock_worker_runs 0");
  });
  it("waits for no source that hangs, and does not ask it again meanwhile", async () => {
    const read = vi.fn<() => Promise<never>>(() => new Promise(() => undefined));
    const page = createPage(new Registry(), [{ up: sources.queue, definitions: queued, read }], () => undefined);
    const pages = await Promise.all([page(), page()]);
    pages.push(await page());
    expect(pages.flatMap(({ body }) => seriesIn(body))).toEqual(pages.map(() => "aftershock_queue_up 0"));
    expect(read).toHaveBeenCalledTimes(1);
  });
});

it("docs/metrics.md lists what there is (npm run metrics)", () => {
  expect(readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8")).toBe(referenceMarkdown());
});
