import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Experiment } from "../../src/experiment/schema.ts";
import type { SystemSession } from "../../src/probes/system.ts";
import { conduct, type ConductorDeps } from "../../src/run/conductor.ts";
import { takeOwnership } from "../../src/run/ownership.ts";
import type { RunEvent } from "../../src/run/events.ts";
import { makePlan } from "../../src/run/planner.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { takeOver } from "../../src/run/take-over.ts";
import { findAlarm } from "../../src/store/alarms.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { insertDecision } from "../../src/store/decisions.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { compareAndSetState, findRun, insertRun, requestAbort } from "../../src/store/runs.ts";
import { drawnChart } from "../support/drawn-chart.ts";
import { cutPostgres } from "../support/cut-postgres.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { testAuthoriser } from "../support/policy.ts";
import { quietSession } from "../support/quiet-session.ts";
import { scriptedCluster, stuckPartition, type Script } from "../support/scripted-cluster.ts";

/**
 * Every way out of a run heals. PostgreSQL is real, behind a proxy that can cut it; cluster and system are doubles, since
 * what is tried here (a step that throws, an answer that never comes) cannot be had of real ones at will.
 */
describe("every way out of a run heals it", () => {
  let db: TestDatabase;
  let proxy: Awaited<ReturnType<typeof cutPostgres>>;
  let database: Database;
  let script: Script;
  let deps: ConductorDeps;
  let session: SystemSession;
  let namespaces = 0;
  beforeAll(async () => {
    db = await startTestDatabase();
    proxy = await cutPostgres(db.url);
  });
  afterAll(async () => {
    await proxy?.stop();
    await db?.stop();
  });
  beforeEach(() => {
    proxy.set("open");
    database = openDatabase(proxy.url, () => undefined);
    const scripted = scriptedCluster();
    script = scripted.script;
    session = quietSession();
    const adapter = { name: "double", open: async () => session };
    deps = {
      database,
      registry: createRegistry({ experiments: [experiment], clusters: [scripted.cluster], systems: [adapter] }),
      authoriser: testAuthoriser(),
      lease: { owner: "worker-1", leaseMs: 5000, onError: () => undefined },
      healDeadlines: { deleteMs: 1000, forceMs: 500, reachMs: 1000, callMs: 500 },
      renderCharts: async () => [drawnChart()],
      log: () => undefined,
      onOwned: () => undefined,
    };
  });
  afterEach(() => database.end());

  /** An approved run on a target of its own. */
  async function approvedRun(): Promise<string> {
    namespaces += 1;
    const typed = { namespace: `n${namespaces}` };
    const planned = await makePlan(deps.registry, { experiment, typed, cluster: "lab", approvalsNeeded: 1 });
    const { id } = await insertRun(db.database, {
      ...planned,
      requestedBy: "U0ALICE",
      teamId: "T1",
      channelId: "C1",
      expiresAfterMs: 60_000,
    });
    await insertDecision(db.database, id, {
      userId: "U0BOB",
      decision: "approved",
      reason: null,
      digest: planned.digest,
    });
    await compareAndSetState(db.database, { runId: id, from: "requested", to: "approved" });
    return id;
  }
  const events = (runId: string): Promise<RunEvent[]> => eventsAfter(db.database, runId, 0);
  const stateOf = async (runId: string): Promise<string | undefined> => (await findRun(db.database, runId))?.state;
  const count = (wanted: string): number => script.calls.filter((call) => call.startsWith(wanted)).length;
  const verdicts = async (runId: string) => {
    const judged = (await events(runId)).find((event) => event.type === "judged");
    return judged?.type === "judged" ? judged.report.verdicts : null;
  };

  it("the end of its time", async () => {
    const runId = await approvedRun();
    await conduct(deps, runId);
    expect(await stateOf(runId)).toBe("completed");
    expect(await verdicts(runId)).toMatchObject({ cleanup: "verified" });
    expect(script.objects.size).toBe(0);
    expect(count("create")).toBe(1);
    expect(await findAlarm(db.database, runId)).toBeNull();
  });

  it.each(["settings", "describe", "topology"] as const)("%s that fails before anything was touched", async (step) => {
    const runId = await approvedRun();
    session = { ...session, [step]: () => Promise.reject(new Error("broken")) };
    await conduct(deps, runId);
    expect(await stateOf(runId)).toBe("failed");
    expect(count("create")).toBe(0);
    expect((await events(runId)).some((event) => event.type === "fault-intended")).toBe(false);
  });

  it.each(["start", "awaitConvergence", "finalReads", "proveConnected"] as const)(
    "%s that fails with or after the fault: the fault goes, and the run ends",
    async (step) => {
      const runId = await approvedRun();
      session = { ...session, [step]: () => Promise.reject(new Error("broken")) };
      await conduct(deps, runId);
      expect(["failed", "completed"]).toContain(await stateOf(runId));
      expect(script.objects.size).toBe(0);
      expect(await verdicts(runId)).toMatchObject({ cleanup: step === "proveConnected" ? "unverified" : "verified" });
      expect((await findAlarm(db.database, runId)) === null).toBe(step !== "proveConnected");
    },
  );

  it("PostgreSQL away when the fault's time is over: the cluster is healed meanwhile, and nothing is told twice", async () => {
    const runId = await approvedRun();
    let goneWhileCut = false;
    script.onCall = (call) => {
      if (call.startsWith("create")) setTimeout(() => proxy.set("cut"), 600);
      if (call.startsWith("list") && script.objects.size === 0 && count("delete") > 0 && !goneWhileCut) {
        goneWhileCut = true;
        setTimeout(() => proxy.set("open"), 300);
      }
    };
    await conduct(deps, runId);
    expect(goneWhileCut).toBe(true);
    expect(await stateOf(runId)).toBe("completed");
    const all = await events(runId);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_event, at) => at + 1));
    expect(all.filter(({ type }) => type === "fault-removed")).toHaveLength(1);
    expect(all.flatMap((event) => (event.type === "state" ? [event.to] : []))).toEqual([
      "preflight",
      "baseline",
      "injecting",
      "active",
      "healing",
      "verifying",
      "judging",
      "completed",
    ]);
  });

  it("a lease lost during the DELETE: the owner stops, another one heals, nothing is injected twice", async () => {
    const runId = await approvedRun();
    script.onCall = (call) => {
      if (!call.startsWith("delete") || script.trouble === "hangs") return;
      script.trouble = "hangs";
      void db.database.query(
        "update runs set lease_fence = lease_fence + 1, lease_until = clock_timestamp() where id = $1",
        [runId],
      );
    };
    await conduct({ ...deps, healDeadlines: { deleteMs: 60_000, forceMs: 60_000, callMs: 60_000 } }, runId);
    expect(["active", "healing"]).toContain(await stateOf(runId));
    expect(script.objects.size).toBe(1);
    script.onCall = () => undefined;
    script.trouble = "works";
    await takeOver({ ...deps, lease: { ...deps.lease, owner: "worker-2" } }, runId);
    expect(await stateOf(runId)).toBe("interrupted");
    expect(script.objects.size).toBe(0);
    expect(count("create")).toBe(1);
  });

  it("an injection whose answer was lost and which was carried out after the healing", async () => {
    const runId = await approvedRun();
    const late = stuckPartition(`${runId}-cut`, runId);
    session.awaitConvergence = async () => {
      script.objects.set(`NetworkChaos/${runId}-cut`, late);
      return { converged: true, summary: "all agree" };
    };
    await conduct(deps, runId);
    expect(await stateOf(runId)).toBe("completed");
    expect(script.objects.size).toBe(0);
  });

  it("a wish to stop during the healing changes nothing about it", async () => {
    const runId = await approvedRun();
    script.onCall = (call) => {
      if (call.startsWith("delete")) void requestAbort(db.database, runId, "U0BOB", null);
    };
    await conduct(deps, runId);
    expect(await stateOf(runId)).toBe("completed");
    expect(await verdicts(runId)).toMatchObject({ cleanup: "verified" });
  });

  it("a fault that does not go: the run ends unverified with an alarm, and another worker's clean look changes nothing", async () => {
    const runId = await approvedRun();
    script.sticky.add(`NetworkChaos/${runId}-cut`);
    session.finalReads = async () => {
      // The worker dies here, as far as the database knows.
      await db.database.query(
        "update runs set lease_fence = lease_fence + 1, lease_until = clock_timestamp() where id = $1",
        [runId],
      );
      return [];
    };
    await conduct(deps, runId);
    expect(await findAlarm(db.database, runId)).toMatchObject({ state: "raised" });
    await takeOver(deps, runId);
    expect(await stateOf(runId)).toBe("interrupted");
    expect(await verdicts(runId)).toMatchObject({ cleanup: "unverified" });
    const raised = (await events(runId)).filter(({ type }) => type === "alarm-raised");
    expect(raised).toHaveLength(1);
  });

  it("a cluster that is no longer configured, and a run that no worker can end: both end aloud", async () => {
    const gone = await approvedRun();
    const endless = await approvedRun();
    for (const runId of [gone, endless]) {
      await db.database.query("update runs set state = 'active', lease_fence = 9 where id = $1", [runId]);
    }
    await takeOver({ ...deps, registry: createRegistry({ experiments: [], clusters: [], systems: [] }) }, gone);
    expect(await stateOf(gone)).toBe("interrupted");
    expect(await findAlarm(db.database, gone)).toMatchObject({ state: "raised" });
    const registry = {
      ...deps.registry,
      cluster: () => {
        throw new Error("a bug");
      },
    };
    await takeOver({ ...deps, registry }, endless);
    expect(await stateOf(endless)).toBe("interrupted");
    expect(await findAlarm(db.database, endless)).toMatchObject({ state: "raised" });
  });

  it("a worker that was stopped for longer than its lease knows it before it touches anything", async () => {
    const runId = await approvedRun();
    const ownership = await takeOwnership(database, runId, ["approved"], { ...deps.lease, leaseMs: 300 });
    ownership?.requireHeld();
    // No timer runs meanwhile, as in a process that is stopped.
    const end = performance.now() + 500;
    while (performance.now() < end);
    expect(() => ownership?.requireHeld()).toThrow(/no longer owns/);
    ownership?.release();
  });
});

const duration = (value: string) =>
  ({ type: "duration", description: "", default: value, min: "1ms", max: "1m" }) as const;
const experiment: Experiment = {
  name: "cut",
  title: "A cut",
  hypothesis: "It holds.",
  description: "",
  system: "double",
  risk: "high",
  parameters: {
    duration: duration("1s"),
    baseline: duration("10ms"),
    recovery: duration("1s"),
    namespace: { type: "text", description: "", default: "n", pattern: "^[a-z0-9]+$" },
  },
  profiles: {},
  guards: [],
  probes: [],
  faults: [
    {
      id: "cut",
      title: "Cut",
      kind: "NetworkChaos",
      subject: ["master"],
      target: ["replicas"],
      spec: { action: "partition", direction: "both" },
    },
  ],
  stopConditions: [],
};
