import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../src/cli/log.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { composeTargets } from "../../src/compose/targets.ts";
import type { Config } from "../../src/config/schema.ts";
import { AftershockError, messageOf } from "../../src/errors.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import type { SystemContext, SystemSession } from "../../src/probes/system.ts";
import { createHiding } from "../../src/redact.ts";
import { conduct, type ConductorDeps } from "../../src/run/conductor.ts";
import { makePlan } from "../../src/run/planner.ts";
import { proveAfresh } from "../../src/run/prove-afresh.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { findArtifact } from "../../src/store/artifacts.ts";
import { insertDecision } from "../../src/store/decisions.ts";
import { compareAndSetState, findRun, insertRun } from "../../src/store/runs.ts";
import { withTargets } from "../../src/targets/choose.ts";
import type { Target } from "../../src/targets/target.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { doubleExperiment } from "../support/double-experiment.ts";
import { testAuthoriser } from "../support/policy.ts";
import { quietSession } from "../support/quiet-session.ts";
import { scriptedCluster } from "../support/scripted-cluster.ts";
import { showsAll } from "../support/shows-all.ts";

const never = new AbortController().signal;
const password = "Zx81-from-the-cluster";
const pod = { name: "redis-0", namespace: "shop", uid: "1", host: "10.0.0.5", labels: {}, ready: true };
const target: Target = {
  name: "orders",
  systems: ["double"],
  namespace: "shop",
  selectors: {},
  parameters: {},
  access: { redis: { password: { secret: "orders", key: "redis-password" } } },
};

/**
 * PostgreSQL, log and the reading of targets are real. Cluster and system are doubles: a driver that quotes the password
 * in every error, as some have done, is not among those that we use.
 */
describe("a password that was read from a Secret", () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await startTestDatabase();
  });
  afterAll(() => db?.stop());

  /** What the double's driver says wherever it is asked. */
  const said = (dialled: string | undefined): Error => new Error(`WRONGPASS for AUTH ${dialled}`);

  function rig(options: { opens: boolean; hides: boolean; namespace: string }) {
    const lines: string[] = [];
    const hiding = createHiding();
    const scripted = scriptedCluster();
    const cluster: Cluster = {
      ...scripted.cluster,
      openWay: () => ({
        kind: () => "direct",
        reach: async ({ host }, port) => ({ host, port }),
        brokeWithin: () => false,
        watch: () => undefined,
      }),
      getSecret: async () => ({ "redis-password": password }),
    };
    const own = { ...target, namespace: options.namespace };
    const open = async (context: SystemContext): Promise<SystemSession> => {
      const dialled = await context.access.dial("redis", pod, 6379);
      if (!options.opens) throw new AftershockError("system_unreachable", said(dialled.password).message, "Look.");
      return {
        ...quietSession(),
        proveConnected: () => Promise.reject(said(dialled.password)),
        awaitConvergence: async () => ({ converged: true, summary: messageOf(said(dialled.password)) }),
        cleanUp: () => Promise.reject(said(dialled.password)),
      };
    };
    const [experiment] = withTargets([doubleExperiment("break", "high", partition)], [own]);
    if (experiment === undefined) throw new Error("no experiment");
    const config = { clusters: { lab: { targets: [own] } } } as unknown as Config;
    const targets = composeTargets(config, {}, hiding);
    const registry = createRegistry({
      experiments: [experiment],
      clusters: [cluster],
      systems: [{ name: "double", open }],
      targets: options.hides ? targets : { ...targets, ...showsAll },
    });
    const log = createLog({ level: "info", base: {}, hiding }, (line) => lines.push(line));
    const deps: ConductorDeps = {
      database: db.database,
      registry,
      authoriser: testAuthoriser(),
      lease: { owner: "worker-1", leaseMs: 5000, onError: () => undefined },
      healDeadlines: { deleteMs: 1000, forceMs: 500, reachMs: 1000, callMs: 500 },
      renderCharts: async () => [],
      log: (message, detail) => log.info(detail ?? {}, message),
      onOwned: () => undefined,
    };
    const typed = { duration: "1s", baseline: "1s", recovery: "1s" };
    const plan = () => makePlan(registry, { experiment, typed, cluster: "lab", approvalsNeeded: 1 });
    return { deps, plan, lines };
  }

  async function approvedRun({ plan }: ReturnType<typeof rig>): Promise<string> {
    const planned = await plan();
    const who = { requestedBy: "U0ALICE", teamId: "T1", channelId: "C1" };
    const { id } = await insertRun(db.database, { ...planned, ...who, expiresAfterMs: 60_000 });
    const { digest } = planned;
    await insertDecision(db.database, id, { userId: "U0BOB", decision: "approved", reason: null, digest });
    await compareAndSetState(db.database, { runId: id, from: "requested", to: "approved" });
    return id;
  }

  async function conducted(made: ReturnType<typeof rig>): Promise<string> {
    const runId = await approvedRun(made);
    await conduct(made.deps, runId);
    return runId;
  }

  async function everythingStored(runId: string): Promise<string> {
    const { rows } = await db.database.query<{ row: string }>(
      "select to_jsonb(e)::text as row from run_events e where run_id = $1 union all select to_jsonb(r)::text from runs r where id = $1",
      [runId],
    );
    const files = await Promise.all(
      ["report.json", "report.md", "report.html"].map((name) => findArtifact(db.database, runId, name)),
    );
    return [...rows.map(({ row }) => row), ...files.map((file) => String(file?.bytes))].join("\n");
  }

  it("is in no event, no file, no log line and no reason of the run, though every error quotes it", async () => {
    const hidden = rig({ opens: true, hides: true, namespace: "shop" });
    const runId = await conducted(hidden);
    const stored = await everythingStored(runId);
    expect(stored).toContain("WRONGPASS for AUTH …");
    expect(stored).not.toContain(password);
    expect(hidden.lines.join("")).toContain("WRONGPASS for AUTH …");
    expect(hidden.lines.join("")).not.toContain(password);
  });

  it("would be there, if nothing hid it", async () => {
    const runId = await conducted(rig({ opens: true, hides: false, namespace: "open" }));
    expect(await everythingStored(runId)).toContain(password);
  });

  it("is in no answer to who asks for a run, and in no proof of the healing", async () => {
    const { deps, plan } = rig({ opens: false, hides: true, namespace: "shut" });
    await expect(plan()).rejects.toMatchObject({ message: "WRONGPASS for AUTH …" });
    const run = await findRun(db.database, await approvedRun(rig({ opens: true, hides: true, namespace: "shut" })));
    if (run === null) throw new Error("no run");
    const proofs = await proveAfresh(deps, { ...run, plan: { ...run.plan, faults: [] } }, [], never, { patienceMs: 0 });
    expect(JSON.stringify(proofs)).toContain("WRONGPASS for AUTH …");
    expect(JSON.stringify(proofs)).not.toContain(password);
  });
});

const partition: Experiment["faults"] = [
  {
    id: "cut",
    title: "Cut",
    kind: "NetworkChaos",
    subject: ["master"],
    target: ["replicas"],
    spec: { action: "partition", direction: "both" },
  },
];
