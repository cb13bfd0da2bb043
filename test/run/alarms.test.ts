import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SystemSession } from "../../src/probes/system.ts";
import { commandsFor, isOpen, waitMs, wayOut } from "../../src/run/alarms/alarm.ts";
import { refuseUnprovenTarget } from "../../src/run/alarms/create-service.ts";
import { holdsRuleOf } from "../../src/run/alarms/heal-again.ts";
import { checkDue, pageDue, restartDue } from "../../src/run/alarms/keeper.ts";
import { checkGuards } from "../../src/run/guards.ts";
import type { Actor } from "../../src/run/service.ts";
import { findAlarm } from "../../src/store/alarms.ts";
import { faultsOf } from "../../src/store/faults.ts";
import { findRun } from "../../src/store/runs.ts";
import { alarmRig, now, type AlarmRig } from "../support/alarm-rig.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { stuckPartition } from "../support/scripted-cluster.ts";

const bob: Actor = { userId: "U0BOB", teamId: "T1", channelId: "C0RUNS" };
const eve: Actor = { userId: "U0EVE", teamId: "T1", channelId: "C0RUNS" };
const { signal } = new AbortController();

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());

const typesOf = async (rig: AlarmRig, runId: string): Promise<string[]> =>
  (await rig.events(runId)).map(({ type }) => type);
const targetOf = async (runId: string): Promise<string> => (await findRun(db.database, runId))?.plan.targetKey ?? "";

/** Whether the guard that no plan can leave out fires for a new run on the target of `runId`. */
async function guardFires(runId: string, rig: AlarmRig): Promise<boolean> {
  const run = await findRun(db.database, runId);
  if (run === null) throw new Error("no run");
  const events = await checkGuards({
    runId: "run-next",
    plan: { ...run.plan, guards: [] },
    session: {} as SystemSession,
    cluster: rig.deps.registry.cluster("lab"),
    database: db.database,
  });
  return events.some(({ id, ok }) => id === "target-proven-clean" && !ok);
}

describe("an alarm", () => {
  it("says whom to page, how to look and how to mend", async () => {
    const rig = alarmRig(db);
    const runId = await rig.alarmed();
    const raised = (await rig.events(runId)).find((event) => event.type === "alarm-raised");
    expect(raised).toMatchObject({ people: ["U1"], groups: ["S0OPS"], channel: "C0OPS", pods: ["redis-0", "redis-1"] });
    expect(raised?.type === "alarm-raised" && [...raised.look, ...raised.mend]).toEqual(
      expect.arrayContaining([
        `kubectl describe networkchaos ${runId}-partition -n cache`,
        "kubectl get podnetworkchaos redis-0 redis-1 -n cache -o yaml",
        "kubectl delete pod redis-0 redis-1 -n cache",
        "aftershock heal",
      ]),
    );
  });

  it("is paged again and again, once by however many workers, until somebody acknowledges it", async () => {
    const rig = alarmRig(db);
    const runId = await rig.alarmed();
    const pages = async (): Promise<number> =>
      (await typesOf(rig, runId)).filter((type) => type === "alarm-paged").length;
    const mine = (): Promise<unknown> =>
      db.database.query("update alarms set next_page_at = clock_timestamp() + interval '1 hour' where run_id <> $1", [
        runId,
      ]);
    await mine();
    await Promise.all([pageDue(rig.deps), pageDue(rig.deps), pageDue(rig.deps)]);
    const first = await pages();
    expect(first).toBeGreaterThan(0);
    const numbers = (await rig.events(runId)).flatMap((event) => (event.type === "alarm-paged" ? [event.number] : []));
    expect(numbers).toEqual(numbers.map((_number, at) => at + 1));
    await pageDue(rig.deps);
    expect(await pages()).toBe(first + 1);
    await rig.service.acknowledge(bob, runId);
    await pageDue(rig.deps);
    expect(await pages()).toBe(first + 1);
    expect(await findAlarm(db.database, runId)).toMatchObject({ state: "acknowledged", acknowledgedBy: "U0BOB" });
  });

  it("waits between pages as configured, the last wait again and again", async () => {
    const rig = alarmRig(db, { ...now, againAfterMs: [60_000, 120_000] });
    const runId = await rig.alarmed();
    await pageDue(rig.deps);
    await pageDue(rig.deps);
    expect((await rig.events(runId)).filter(({ type }) => type === "alarm-paged")).toMatchObject([
      { number: 1, againAfterMs: 60_000 },
    ]);
    expect([1, 2, 3, 9].map((done) => waitMs([60_000, 120_000], done))).toEqual([60_000, 120_000, 120_000, 120_000]);
  });

  it("is acknowledged once, and says by whom to the second", async () => {
    const rig = alarmRig(db);
    const runId = await rig.alarmed();
    const both = await Promise.allSettled([rig.service.acknowledge(bob, runId), rig.service.acknowledge(eve, runId)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect((await typesOf(rig, runId)).filter((type) => type === "alarm-acknowledged")).toHaveLength(1);
    await expect(rig.service.acknowledge(bob, runId)).rejects.toThrow(/has acknowledged the alarm/);
    await expect(rig.service.acknowledge(bob, "run-999999")).rejects.toThrow(/no run/);
  });

  it("is resolved by a later healing only when everything is proven, also through the system", async () => {
    const rig = alarmRig(db);
    rig.world.connected = false;
    const runId = await rig.alarmed();
    await only(runId);
    const name = `${runId}-partition`;
    rig.script.objects.set(`NetworkChaos/${name}`, stuckPartition(name, runId));
    rig.script.stubborn.add(`NetworkChaos/${name}`);
    rig.script.objects.set("PodNetworkChaos/redis-0", childWithRule(`cache/${name}`));
    await checkSoon(rig, runId);
    expect((await rig.events(runId)).at(-1)).toMatchObject({
      type: "alarm-checked",
      problem: expect.stringMatching(/is gone[\s\S]*PodNetworkChaos holds[\s\S]*no path can be tried/),
    });
    // The same in vain again is no news, unless somebody asked.
    const said = (await rig.events(runId)).length;
    await checkSoon(rig, runId);
    expect(await rig.events(runId)).toHaveLength(said);
    await rig.service.check(eve, runId);
    await checkDue(rig.deps, signal);
    expect((await rig.events(runId)).at(-1)).toMatchObject({ type: "alarm-checked", by: "U0EVE" });

    rig.script.stubborn.clear();
    rig.script.objects.clear();
    rig.world.connected = true;
    await checkSoon(rig, runId);
    expect((await rig.events(runId)).at(-1)).toMatchObject({ type: "alarm-resolved" });
    expect(await findAlarm(db.database, runId)).toMatchObject({ state: "resolved" });
    expect((await faultsOf(db.database, runId)).map(({ state }) => state)).toEqual(["verified"]);
    await expect(rig.service.check(bob, runId)).rejects.toThrow(/proven already/);
  });

  it("leaves the looking to the owner while its run has not ended", async () => {
    const rig = alarmRig(db);
    const runId = await rig.alarmed();
    await only(runId);
    await db.database.query("update runs set ended_at = null, state = 'verifying' where id = $1", [runId]);
    await checkSoon(rig, runId);
    expect(rig.script.calls).toEqual([]);
    await db.database.query("update runs set ended_at = clock_timestamp(), state = 'aborted' where id = $1", [runId]);
  });
});

describe("a target with an open alarm", () => {
  it("takes no new run until the alarm is acknowledged and proven clean, in either order", async () => {
    for (const order of ["acknowledge first", "prove first"]) {
      const rig = alarmRig(db);
      const runId = await rig.alarmed();
      await only(runId);
      const target = await targetOf(runId);
      await expect(refuseUnprovenTarget(db.database, target)).rejects.toMatchObject({
        code: "target_busy",
        hint: `The way out: acknowledge it: /chaos alarms ack ${runId}, and have it healed and checked: /chaos alarms check ${runId}`,
      });
      expect(await guardFires(runId, rig)).toBe(true);
      if (order === "prove first") await checkSoon(rig, runId);
      else await rig.service.acknowledge(bob, runId);
      await expect(refuseUnprovenTarget(db.database, target)).rejects.toMatchObject({ code: "target_busy" });
      expect(await guardFires(runId, rig)).toBe(true);
      if (order === "prove first") await rig.service.acknowledge(bob, runId);
      else await checkSoon(rig, runId);
      await expect(refuseUnprovenTarget(db.database, target)).resolves.toBeUndefined();
      expect(await guardFires(runId, rig)).toBe(false);
    }
  }, 60_000);

  it("stands in nobody else's way", async () => {
    const rig = alarmRig(db);
    await rig.alarmed();
    await expect(refuseUnprovenTarget(db.database, "lab/cache/another")).resolves.toBeUndefined();
  });
});

describe("restarting a target's pod", () => {
  it("is done by the worker, of the very pod, for who may; and the proof follows", async () => {
    const rig = alarmRig(db);
    const runId = await rig.alarmed();
    await only(runId);
    await expect(rig.service.restart(eve, runId, "redis-0")).rejects.toMatchObject({ code: "not_allowed" });
    await expect(rig.service.restart(bob, runId, "redis-7")).rejects.toThrow(/redis-7 is no target/);
    expect(await rig.service.describeRestart(bob, runId, "redis-0")).toContain("deletes pod redis-0 in lab/cache");
    expect(rig.script.calls).toEqual([]);
    await rig.service.restart(bob, runId, "redis-0");
    await expect(rig.service.restart(bob, runId, "redis-0")).rejects.toThrow(/under way already/);
    expect(rig.script.calls).toEqual([]);
    await Promise.all([restartDue(rig.deps, signal), restartDue(rig.deps, signal)]);
    expect(rig.script.calls.filter((call) => call.startsWith("delete pod"))).toEqual([
      "delete pod redis-0 uid-of-redis-0",
    ]);
    expect((await rig.events(runId)).slice(-2)).toMatchObject([
      { type: "restart-asked", by: "U0BOB", pod: "redis-0" },
      { type: "restart-done", pod: "redis-0", ok: true },
    ]);
    await checkDue(rig.deps, signal);
    const resolved = (await rig.events(runId)).at(-1);
    expect(resolved).toMatchObject({ type: "alarm-resolved" });
    expect(resolved?.type === "alarm-resolved" && resolved.proofs).toContain("pod redis-0 is back and ready");
  });

  it("is refused where nothing is stuck", async () => {
    const rig = alarmRig(db);
    const runId = await rig.alarmed();
    await only(runId);
    await checkSoon(rig, runId);
    await expect(rig.service.restart(bob, runId, "redis-0")).rejects.toThrow(/Nothing of run-\d+ is stuck/);
  });
});

describe("what an alarm is made of", () => {
  it("is open until it is both resolved and acknowledged", () => {
    expect(isOpen({ state: "raised", acknowledgedAt: null })).toBe(true);
    expect(isOpen({ state: "acknowledged", acknowledgedAt: "t" })).toBe(true);
    expect(isOpen({ state: "resolved", acknowledgedAt: null })).toBe(true);
    expect(isOpen({ state: "resolved", acknowledgedAt: "t" })).toBe(false);
    expect(wayOut({ runId: "run-1", state: "resolved", acknowledgedAt: "t" })).toBe("");
  });

  it("finds a rule of its own in a pod's chaos object, and no other", () => {
    expect(holdsRuleOf({ iptables: [{ name: "in-0", source: "cache/run-1-cut" }] }, "cache/run-1-cut")).toBe(true);
    expect(holdsRuleOf({ actions: [{ source: "db/run-1-slow" }] }, "db/run-1-slow")).toBe(true);
    expect(holdsRuleOf({ iptables: [{ source: "cache/run-2-cut" }], tcs: null }, "cache/run-1-cut")).toBe(false);
    expect(holdsRuleOf(undefined, "cache/run-1-cut")).toBe(false);
  });

  it("names a cordoned node's commands", () => {
    const cordon = { ...stuckPartition("run-1-cordon"), kind: "Cordon", spec: { node: "node-2" } };
    const fault = {
      faultId: "c",
      cluster: "lab",
      kind: "Cordon",
      namespace: "db",
      name: "run-1-cordon",
      manifest: cordon,
    };
    const commands = commandsFor([{ ...fault, targets: { subject: [], target: [] }, state: "injected" }]);
    expect(commands.mend).toContain("kubectl uncordon node-2");
  });
});

/** Lets only this alarm be due: the tests share one database. */
async function only(runId: string): Promise<void> {
  await db.database.query(
    "update alarms set next_check_at = clock_timestamp() + interval '1 hour' where run_id <> $1",
    [runId],
  );
}

async function checkSoon(rig: AlarmRig, runId: string): Promise<void> {
  await db.database.query("update alarms set next_check_at = clock_timestamp() where run_id = $1", [runId]);
  await checkDue(rig.deps, signal);
}

function childWithRule(source: string) {
  return {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "PodNetworkChaos",
    metadata: { name: "redis-0", namespace: "cache" },
    spec: { iptables: [{ name: "in-0", direction: "input", ipsets: [], source }] },
  };
}
