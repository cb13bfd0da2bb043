import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../src/cluster/port.ts";
import { emptyMemory, sweep, type JanitorDeps, type Memory } from "../../src/run/janitor.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import { inTransaction } from "../../src/store/database.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { insertFault } from "../../src/store/faults.ts";
import { installationOf } from "../../src/store/installation.ts";
import { untoldNotices } from "../../src/store/notices.ts";
import { asService, insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { cordoned, labelled, latchCluster, type LatchCluster } from "../support/latch-cluster.ts";

const healDeadlines = { deleteMs: 500, forceMs: 100 };

describe("the janitor", () => {
  let db: TestDatabase;
  let lab: LatchCluster;
  let deps: JanitorDeps;
  let memory: Memory;
  let installation: string;
  const logged: string[] = [];
  beforeAll(async () => {
    db = await asService(await startTestDatabase());
    installation = await installationOf(db.database);
  });
  afterAll(() => db.stop());
  beforeEach(async () => {
    lab = latchCluster("lab");
    logged.length = 0;
    memory = emptyMemory();
    const log = (message: string): void => void logged.push(message);
    deps = { database: db.database, clusters: [lab.cluster], healDeadlines, log };
  });
  const look = (graceMs = 60_000) => sweep(deps, memory, { graceMs, signal: new AbortController().signal });
  const runIn = async (state: RunState): Promise<string> => {
    const run = await insertTestRun(db.database);
    await db.database.query("update runs set state = $2 where id = $1", [run, state]);
    return run;
  };
  /** As a run's own: its intent is stored, and the object says whose database it is. */
  const injected = async (run: string): Promise<KubernetesObject> => {
    const object = labelled(run, { labels: { "aftershock.dev/installation": installation } });
    const { name, namespace = "" } = object.metadata;
    const targets = { subject: [], target: [] };
    await insertFault(db.database, run, {
      faultId: "partition",
      cluster: "lab",
      kind: object.kind,
      namespace,
      name,
      manifest: object,
      targets,
    });
    await lab.cluster.createChaos(object);
    return object;
  };

  it("removes what an ended run left, and says so in its thread", async () => {
    const run = await runIn("completed");
    await injected(run);
    await look();
    expect(lab.removed).toEqual([`NetworkChaos/cache/${run}-partition`]);
    expect(await eventsAfter(db.database, run, 0)).toMatchObject([
      { type: "leftover-healed", kind: "NetworkChaos", name: `${run}-partition`, ok: true },
    ]);
    expect(logged).toEqual(["removed a leftover"]);
    await look();
    expect(await eventsAfter(db.database, run, 0)).toHaveLength(1);
  });

  it("leaves alone what a live run holds, what others made, and nodes that others cordoned", async () => {
    for (const state of ["approved", "injecting", "active", "healing", "verifying"] as const) {
      const run = await runIn(state);
      await injected(run);
      lab.nodes.set(run, cordoned(run, run, "2000-01-01T00:00:00Z"));
    }
    const { labels: _none, ...bare } = labelled("run-x", { name: "somebody-elses" }).metadata;
    await lab.cluster.createChaos({ ...labelled("run-x"), metadata: bare });
    lab.nodes.set("theirs", cordoned("theirs", null));
    await look(0);
    await look(0);
    expect(lab.removed).toEqual([]);
    expect(lab.chaos.size).toBe(6);
  });

  it("gives an unknown run's object a second look, and tells operators, since no thread is", async () => {
    await lab.cluster.createChaos(labelled("run-99999"));
    await look();
    expect(lab.removed).toEqual([]);
    await look(0);
    expect(lab.removed).toEqual(["NetworkChaos/cache/run-99999-partition"]);
    expect((await untoldNotices(db.database, 10)).map(({ notice }) => notice)).toMatchObject([
      { kind: "leftover", cluster: "lab", what: "NetworkChaos cache/run-99999-partition", run: "run-99999", ok: true },
    ]);
  });

  it("undoes a cordon whose lease is over, with the marks", async () => {
    lab.nodes.set("node-1", cordoned("node-1", "run-88888", "2000-01-01T00:00:00Z"));
    await look();
    expect(lab.nodes.get("node-1")).toMatchObject({ unschedulable: false, annotations: {} });
  });

  it("reports once what stays, and goes on trying", async () => {
    const run = await runIn("failed");
    await injected(run);
    const stuck = { ...lab.cluster, deleteChaos: async () => undefined };
    deps = { ...deps, clusters: [stuck] };
    await look();
    await look();
    expect(await eventsAfter(db.database, run, 0)).toMatchObject([{ type: "leftover-healed", ok: false }]);
    deps = { ...deps, clusters: [lab.cluster] };
    await look();
    expect(await eventsAfter(db.database, run, 0)).toMatchObject([{ ok: false }, { ok: true }]);
  });

  it("looks at the other clusters when one cannot be reached, and logs that once", async () => {
    const away = latchCluster("away");
    away.world.reachable = false;
    deps = { ...deps, clusters: [away.cluster, lab.cluster] };
    await injected(await runIn("aborted"));
    await look();
    await look();
    expect(lab.removed).toHaveLength(1);
    expect(logged.filter((line) => line.includes("cannot look"))).toHaveLength(1);
  });

  it("sweeps once when several workers do at the same time", async () => {
    await injected(await runIn("completed"));
    await Promise.all([look(), look(), look()]);
    expect(logged).toEqual(["removed a leftover"]);
  });

  it("never takes an object from a run that another worker is injecting, wherever the two meet", async () => {
    const pauseMs = fc.integer({ min: 0, max: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(pauseMs, pauseMs, pauseMs), { minLength: 4, maxLength: 8 }), async (paces) => {
        const own = latchCluster("lab");
        const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
        const taken: string[] = [];
        const over = { now: false };
        const conducting = paces.map(async ([beforeMs, heldMs, afterMs]) => {
          const run = await insertTestRun(db.database);
          const object = labelled(run, { labels: { "aftershock.dev/installation": installation } });
          const { name, namespace = "" } = object.metadata;
          const ref = { kind: object.kind, namespace, name };
          await wait(beforeMs);
          await inTransaction(db.database, async (client) => {
            await client.query("update runs set state = 'injecting' where id = $1", [run]);
            await insertFault(client, run, {
              ...ref,
              faultId: "partition",
              cluster: "lab",
              manifest: object,
              targets: { subject: [], target: [] },
            });
          });
          await own.cluster.createChaos(object);
          await wait(heldMs);
          if ((await own.cluster.getChaos(ref)) === null) taken.push(run);
          await own.cluster.deleteChaos(ref);
          await wait(afterMs);
          await db.database.query("update runs set state = 'aborted', ended_at = clock_timestamp() where id = $1", [
            run,
          ]);
          return run;
        });
        const sweeping = (async () => {
          const seen = emptyMemory();
          while (!over.now) {
            const own_ = { ...deps, clusters: [own.cluster] };
            await sweep(own_, seen, { graceMs: 0, signal: new AbortController().signal });
          }
        })();
        const runs = await Promise.all(conducting);
        over.now = true;
        await sweeping;
        expect(taken).toEqual([]);
        // Nor does it claim to have healed what the run removed itself.
        for (const run of runs) expect(await eventsAfter(db.database, run, 0)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});
