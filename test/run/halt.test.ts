import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHaltService } from "../../src/run/halt/create-service.ts";
import { heldNow, refuseWhenHalted, type Held } from "../../src/run/halt/gate.ts";
import { keepOnce, startKeeper, type KeeperDeps } from "../../src/run/halt/keeper.ts";
import { writeLatch } from "../../src/run/halt/latch.ts";
import type { HaltService } from "../../src/run/halt/service.ts";
import { createRunService } from "../../src/run/create-service.ts";
import { takeOwnership } from "../../src/run/ownership.ts";
import { createJournal } from "../../src/run/journal.ts";
import { runFault } from "../../src/run/run-fault.ts";
import { handleDue } from "../../src/run/schedules/due.ts";
import type { RunExercise } from "../../src/run/exercise.ts";
import type { Walk } from "../../src/run/walk.ts";
import type { Recorder } from "../../src/probes/recorder.ts";
import type { RunningProbes } from "../../src/probes/system.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { inTransaction } from "../../src/store/database.ts";
import { appendHaltEvents, haltEvents, insertHalt, openHalt } from "../../src/store/halts.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { compareAndSetState, findRun } from "../../src/store/runs.ts";
import { asService, insertTestRun, plan, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { latchCluster, type LatchCluster } from "../support/latch-cluster.ts";
import { scheduleRig } from "../support/schedule-rig.ts";
import { testAuthoriser, testPolicy } from "../support/policy.ts";
import { showsAll } from "../support/shows-all.ts";

const person = (userId: string) => ({ userId, teamId: "T1", channelId: "C1" });
const alice = person("U0ALICE");
const bob = person("U0BOB");
const authoriser = testAuthoriser({ policy: () => testPolicy({ approvers: [bob.userId] }) });
const latchKey = "aftershock/halt";

describe("a halt", () => {
  let db: TestDatabase;
  let east: LatchCluster;
  let west: LatchCluster;
  let halts: HaltService;
  let held: Held[];
  let deps: KeeperDeps;
  beforeAll(async () => {
    db = await asService(await startTestDatabase());
  });
  afterAll(() => db.stop());
  beforeEach(async () => {
    await db.database.query(
      "update halts set resumed_at = clock_timestamp(), resumed_by = 'test' where resumed_at is null",
    );
    await db.database.query("update runs set ended_at = clock_timestamp(), state = 'aborted' where ended_at is null");
    [east, west] = [latchCluster("east"), latchCluster("west")];
    const clusters = [east.cluster, west.cluster];
    halts = createHaltService({ database: db.database, authoriser, clusters });
    held = [];
    deps = { database: db.database, clusters, onHeld: (by) => void held.push(by), log: () => undefined };
  });
  const stateOf = async (run: string): Promise<string | undefined> => (await findRun(db.database, run))?.state;
  const inState = async (...path: string[]): Promise<string> => {
    const run = await insertTestRun(db.database);
    let from = "requested";
    for (const to of path) {
      await compareAndSetState(db.database, { runId: run, from: from as "requested", to: to as "requested" });
      from = to;
    }
    return run;
  };
  const service = () =>
    createRunService({
      database: db.database,
      registry: createRegistry({ experiments: [], clusters: [], systems: [] }),
      authoriser,
      defaultCluster: "east",
      wake: async () => undefined,
      log: () => undefined,
    });

  it("ends what waits, tells what runs to stop, and sets the latch on every cluster", async () => {
    const [waits, approved, active] = [await inState(), await inState("approved"), await inState("approved", "active")];
    const done = await inState("approved", "completed");
    const { halt, stopped, clusters } = await halts.halt(alice, "customers see errors");
    expect(stopped).toBe(3);
    expect([await stateOf(waits), await stateOf(approved), await stateOf(active)]).toEqual([
      "aborted",
      "aborted",
      "active",
    ]);
    expect(await findRun(db.database, active)).toMatchObject({ abortRequestedBy: alice.userId });
    expect(await eventsAfter(db.database, done, 0)).toEqual([]);
    expect(await eventsAfter(db.database, waits, 0)).toMatchObject([
      { type: "halted", halt: halt.id, by: alice.userId, reason: "customers see errors" },
      { type: "state", to: "aborted", reason: expect.stringContaining("customers see errors") },
    ]);
    expect(clusters.map(({ state }) => state)).toEqual(["latched", "latched"]);
    expect(east.configMaps.get(latchKey)?.data).toMatchObject({ latch: halt.latch, origin: "slack" });
    expect(west.configMaps.get(latchKey)?.data).toMatchObject({ latch: halt.latch, resume: "/chaos resume" });
  });

  it("is one: a second one is told of the first, and still stops what runs", async () => {
    const first = await halts.halt(alice, "first");
    const slipped = await inState("approved", "active");
    const second = await halts.halt(bob, "second");
    expect(second).toMatchObject({ heldBefore: true, stopped: 1, halt: { id: first.halt.id, reason: "first" } });
    expect(await findRun(db.database, slipped)).toMatchObject({ abortRequestedBy: alice.userId });
  });

  it("refuses whoever is not of the workspace, and lets only an approver resume", async () => {
    await expect(halts.halt({ ...alice, teamId: "T2" })).rejects.toMatchObject({ code: "not_allowed" });
    expect(await openHalt(db.database)).toBeNull();
    await halts.halt(alice);
    await expect(halts.resume(alice)).rejects.toMatchObject({ code: "not_allowed" });
    expect(await openHalt(db.database)).not.toBeNull();
    const { clusters } = await halts.resume(bob, "solved");
    expect(clusters.map(({ state }) => state)).toEqual(["lifted", "lifted"]);
    expect(east.configMaps.size + west.configMaps.size).toBe(0);
    await expect(halts.resume(bob)).rejects.toMatchObject({ code: "not_pending" });
  });

  it("refuses requests and approvals with by whom and what to type, until it is lifted", async () => {
    await halts.halt(alice, "disk full");
    const run = await insertTestRun(db.database);
    const refused = { code: "halted", message: expect.stringMatching(/<@U0ALICE> \(disk full\)/) };
    await expect(service().request(alice, { experiment: "x", parameters: {} })).rejects.toMatchObject(refused);
    await expect(service().approve(bob, run)).rejects.toMatchObject({
      ...refused,
      hint: expect.stringContaining("/chaos resume"),
    });
    // Taking back and stopping go on as ever.
    await service().deny(bob, run);
    await halts.resume(bob);
    expect((await service().approve(bob, await insertTestRun(db.database))).state).toBe("approved");
  });

  it("waits for a start that is under way, and then stops it too", async () => {
    let letCommit = (): void => undefined;
    const committed = new Promise<void>((resolve) => (letCommit = resolve));
    let started = (): void => undefined;
    const begun = new Promise<void>((resolve) => (started = resolve));
    let run = "";
    const start = inTransaction(db.database, async (client) => {
      await refuseWhenHalted(client);
      run = await insertTestRun(client as never);
      started();
      await committed;
    });
    await begun;
    let latched = false;
    const halting = halts.halt(alice).then((done) => {
      latched = true;
      return done;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(latched).toBe(false);
    letCommit();
    await start;
    expect((await halting).stopped).toBe(1);
    expect(await stateOf(run)).toBe("aborted");
  });

  it("keeps a worker from starting and from storing intents, and stops one that polls", async () => {
    const lease = { owner: "w", leaseMs: 3000, onError: () => undefined };
    const run = await inState("approved");
    const ownership = await takeOwnership(db.database, run, ["approved"], lease);
    if (ownership === null) throw new Error("not owned");
    try {
      const journal = createJournal(db.database, ownership, showsAll);
      await inTransaction(db.database, (client) =>
        insertHalt(client, { latch: randomUUID(), by: "U0ALICE", reason: null, channelId: null, fromCluster: null }),
      );
      await expect(journal.move("preflight", { also: refuseWhenHalted })).rejects.toMatchObject({ code: "halted" });
      expect(journal.state()).toBe("approved");
      await new Promise<void>((resolve) => ownership.stop.addEventListener("abort", () => resolve()));
      expect(ownership.stop.reason).toMatchObject({ kind: "halt", by: "U0ALICE" });
    } finally {
      ownership.release();
    }
  });

  it("is obeyed by NOTIFY, long before anybody polls", async () => {
    const keeper = startKeeper(deps, 3_600_000);
    try {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const startedAt = performance.now();
      await halts.halt(alice);
      while (held.length === 0 && performance.now() - startedAt < 10_000) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(held[0]).toMatchObject({ by: alice.userId });
    } finally {
      await keeper.stop();
    }
  });

  it("names a cluster that cannot be reached, tells it when it is back, and says so once", async () => {
    west.world.reachable = false;
    const { halt, clusters } = await halts.halt(alice);
    expect(clusters).toMatchObject(
      [{ state: "latched" }, { state: "unreachable", problem: /west is away/ }].map((c) =>
        c.problem === undefined ? c : { ...c, problem: expect.stringMatching(c.problem) },
      ),
    );
    await keepOnce(deps);
    await keepOnce(deps);
    west.world.reachable = true;
    await keepOnce(deps);
    expect(west.configMaps.get(latchKey)?.data).toMatchObject({ latch: halt.latch });
    const told = (await haltEvents(db.database, halt.id)).filter((event) => event.type === "cluster");
    expect(told.map((event) => event.type === "cluster" && `${event.cluster} ${event.state}`)).toEqual([
      "east latched",
      "west unreachable",
      "west latched",
    ]);
  });

  it("is lifted on a cluster that could not be reached, when that is back", async () => {
    await halts.halt(alice);
    west.world.reachable = false;
    await halts.resume(bob);
    expect(west.configMaps.size).toBe(1);
    west.world.reachable = true;
    // It is no obstacle meanwhile: the database knows that it was lifted.
    expect(await heldNow(db.database, west.cluster)).toBeNull();
    await keepOnce(deps);
    expect(west.configMaps.size).toBe(0);
    expect(await openHalt(db.database)).toBeNull();
  });

  describe("from a command line", () => {
    const typed = { by: "joe@laptop", reason: "smoke", since: "2026-01-01T00:00:00Z", resume: "aftershock resume" };
    const haltEast = (latch: string = randomUUID()) =>
      writeLatch(east.cluster, { ...typed, latch, origin: "command-line" });

    it("becomes everybody's: runs stop, the other cluster is latched, requests are refused", async () => {
      const active = await inState("approved", "active");
      await haltEast();
      expect(await heldNow(db.database, east.cluster)).toMatchObject({ by: "joe@laptop" });
      await keepOnce(deps);
      expect(await openHalt(db.database)).toMatchObject({ by: "joe@laptop", reason: "smoke", fromCluster: "east" });
      expect(held.at(-1)).toMatchObject({ by: "joe@laptop" });
      expect(await findRun(db.database, active)).toMatchObject({ abortRequestedBy: "joe@laptop" });
      await keepOnce(deps);
      expect(west.configMaps.get(latchKey)?.data).toMatchObject({
        by: "joe@laptop",
        resume: expect.stringMatching(/\/chaos resume, or aftershock resume on the cluster east/),
      });
      await expect(service().approve(bob, await insertTestRun(db.database))).rejects.toMatchObject({ code: "halted" });
    });

    it("is lifted where it was set, and so everywhere; not where it is a copy", async () => {
      await haltEast();
      await keepOnce(deps);
      await keepOnce(deps);
      west.configMaps.clear();
      await keepOnce(deps);
      expect(west.configMaps.size).toBe(1);
      east.configMaps.clear();
      await keepOnce(deps);
      expect(await openHalt(db.database)).toBeNull();
      await keepOnce(deps);
      expect(west.configMaps.size).toBe(0);
    });

    it("is lifted by an approver in Slack, and is not taken for a new one then", async () => {
      await haltEast();
      await keepOnce(deps);
      await halts.resume(bob);
      await keepOnce(deps);
      expect(east.configMaps.size + west.configMaps.size).toBe(0);
      expect(await openHalt(db.database)).toBeNull();
    });

    it("holds a worker whose database does not answer", async () => {
      await haltEast();
      const away = { query: () => Promise.reject(new Error("no database")) } as unknown as KeeperDeps["database"];
      await keepOnce({ ...deps, database: away }).catch(() => undefined);
      expect(held).toMatchObject([{ by: "joe@laptop" }]);
      await expect(heldNow(away, west.cluster)).rejects.toThrow("no database");
    });

    it("counts also when it was made by hand", async () => {
      east.configMaps.set(latchKey, { uid: randomUUID(), data: {} });
      await keepOnce(deps);
      expect(await openHalt(db.database)).toMatchObject({ by: "somebody", fromCluster: "east" });
    });

    it("is not what a Slack halt becomes when somebody deletes its ConfigMap: it is set again", async () => {
      const { halt } = await halts.halt(alice);
      east.configMaps.clear();
      await keepOnce(deps);
      expect(await openHalt(db.database)).toMatchObject({ id: halt.id });
      expect(east.configMaps.get(latchKey)?.data).toMatchObject({ latch: halt.latch });
    });
  });

  it("says once how many were stopped and after how long the last fault was gone", async () => {
    const active = await inState("approved", "active");
    const waits = await insertTestRun(db.database);
    await db.database.query(
      `insert into run_faults (run_id, fault_id, cluster, kind, namespace, name, manifest, targets)
       values ($1, 'f', 'east', 'NetworkChaos', 'n', 'x', '{}', '{}')`,
      [active],
    );
    const { halt } = await halts.halt(alice);
    await keepOnce(deps);
    expect((await halts.current())?.runs).toBeNull();
    const moved = { type: "state", from: "healing", to: "verifying", reason: null, atMs: null } as const;
    await db.database.query("update runs set state = 'verifying' where id = $1", [active]);
    const { appendEvents } = await import("../../src/store/events.ts");
    await appendEvents(db.database, active, [moved]);
    await keepOnce(deps);
    await keepOnce(deps);
    const settled = (await haltEvents(db.database, halt.id)).filter((event) => event.type === "settled");
    expect(settled).toHaveLength(1);
    expect(settled[0]).toMatchObject({
      runs: [
        { run: active, was: "active", goneAfterMs: expect.any(Number), proven: true },
        { run: waits, was: "requested", goneAfterMs: null },
      ],
    });
  });

  it("is append-only in its trail", async () => {
    const { halt } = await halts.halt(alice);
    await appendHaltEvents(db.database, halt.id, []);
    await expect(db.database.query("update halt_events set type = 'x'")).rejects.toThrow(
      /append-only|permission denied/,
    );
    await expect(db.database.query("delete from halt_events")).rejects.toThrow(/append-only|permission denied/);
    expect((await haltEvents(db.database, halt.id))[0]).toMatchObject({ type: "halted", by: alice.userId, seq: 1 });
  });
});

describe("what starts by itself, while everything is halted", () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await startTestDatabase();
  });
  afterAll(() => db.stop());
  const halt = () =>
    inTransaction(db.database, (client) =>
      insertHalt(client, { latch: randomUUID(), by: "U0ALICE", reason: null, channelId: null, fromCluster: null }),
    );
  const resume = () => db.database.query("update halts set resumed_at = clock_timestamp()");

  it("is no schedule: its due time starts nothing and says why; the next one starts again", async () => {
    const rig = scheduleRig(db);
    const id = await rig.active();
    await halt();
    rig.world.now = new Date("2026-11-24T11:00:01Z");
    await handleDue(rig.deps, id);
    expect(await rig.events(id)).toContainEqual(expect.objectContaining({ type: "cannot-start", code: "halted" }));
    expect(rig.woken).toEqual([]);
    await resume();
    rig.world.now = new Date("2026-11-24T12:00:01Z");
    await handleDue(rig.deps, id);
    expect(rig.woken).toHaveLength(1);
  });

  it("is no injection: the latch is looked at after the baseline, in the database and on the cluster", async () => {
    const lab = latchCluster("lab");
    const moved: string[] = [];
    const stop = new AbortController();
    const ownership = {
      runId: "run-1",
      lost: new AbortController().signal,
      stop: stop.signal,
      requestStop: (wish: unknown) => stop.abort(wish),
    };
    // Test double: a run without faults whose system answers at once, so that only the latch decides.
    const walk = {
      deps: { database: db.database },
      run: { id: "run-1", plan: { ...plan, faults: [], phases: { ...plan.phases, baselineMs: 0 } } },
      experiment: { faults: [], parameters: {}, profiles: {} },
      cluster: { ...lab.cluster, pods: async () => [] },
      session: { topology: async () => ({ groups: {}, summary: "" }) },
      journal: {
        state: () => "baseline",
        move: async (to: string) => {
          moved.push(to);
          throw new Error("reached injecting");
        },
      },
      ownership,
      guards: [],
    } as unknown as Walk;
    const recorder = { now: () => 0, phase: () => undefined, event: () => undefined } as unknown as Recorder;
    const exercise = { before: async () => undefined } as unknown as RunExercise;
    const inject = () => runFault(walk, recorder, {} as RunningProbes, exercise);
    await expect(inject()).rejects.toThrow("reached injecting");
    await writeLatch(lab.cluster, {
      latch: randomUUID(),
      by: "joe@laptop",
      reason: null,
      since: "2026-01-01T00:00:00Z",
      origin: "command-line",
      resume: "aftershock resume",
    });
    expect(await inject()).toEqual({ outcome: "aborted", reason: "Halted by joe@laptop." });
    expect(moved).toEqual(["injecting"]);
  });
});
