import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Policy } from "../../src/approvals/policy.ts";
import { claim } from "../../src/run/schedules/claim.ts";
import { handleDue } from "../../src/run/schedules/due.ts";
import { reconcileSchedules } from "../../src/run/schedules/reconciler.ts";
import { findSchedule } from "../../src/store/schedules.ts";
import { compareAndSetState, findRun } from "../../src/store/runs.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { testPolicy } from "../support/policy.ts";
import { alice, bob, carol, scheduleRig, type ScheduleRig } from "../support/schedule-rig.ts";
import { waitFor } from "../support/stack.ts";

let db: TestDatabase;
let rig: ScheduleRig;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());
beforeEach(() => {
  rig = scheduleRig(db);
});

/** The clock at 11:00, when the rig's hourly schedules come due for the first time, and so many minutes later. */
const at = (hour: number, minute = 0): void => {
  rig.world.now = new Date(Date.UTC(2026, 10, 24, hour, minute));
};
const runsOf = async (id: string): Promise<string[]> => {
  const events = await rig.events(id);
  return events.flatMap((event) => (event.type === "due" ? [event.run] : []));
};
const types = async (id: string): Promise<string[]> => (await rig.events(id)).map(({ type }) => type);
const stored = async (id: string) => {
  const schedule = await findSchedule(db.database, id);
  if (schedule === null) throw new Error(`no ${id}`);
  return schedule;
};
const weekly = {
  run: { experiment: "check", parameters: { namespace: "weekly" } },
  pattern: "0 6 * * 0",
  timeZone: "Europe/Berlin",
  validForDays: 90,
  runsAllowed: 13,
};

describe("the approval of a schedule", () => {
  it("is not the requester's, nor a stranger's; then it is bounded in time and count", async () => {
    const { id } = await rig.service.request(alice, weekly);
    await expect(rig.service.approve(alice, id)).rejects.toMatchObject({ code: "not_allowed" });
    await expect(rig.service.approve({ ...bob, userId: "U0DAVE" }, id)).rejects.toMatchObject({ code: "not_allowed" });
    await expect(rig.service.approve({ ...bob, teamId: "T2" }, id)).rejects.toMatchObject({ code: "not_allowed" });
    expect(await rig.service.approve(bob, id.replace("schedule-", ""), "as agreed")).toMatchObject({
      state: "active",
      approvedBy: [bob.userId],
      approvedUntil: "2027-02-22T10:00:00.000Z",
      nextDueAt: "2026-11-29T05:00:00.000Z",
      runsAllowed: 13,
    });
    expect(rig.calls.get(id)).toBe("0 6 * * 0");
    await expect(rig.service.approve(carol, id)).rejects.toMatchObject({ code: "not_pending" });
    expect(await types(id)).toEqual(["requested", "approved", "activated"]);
  });
  it("needs as many different people as a run", async () => {
    rig.world.required = 2;
    const { id } = await rig.service.request(alice, weekly);
    expect((await rig.service.approve(bob, id)).state).toBe("requested");
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject({ message: expect.stringContaining("already") });
    expect((await rig.service.approve(carol, id)).state).toBe("active");
  });
  it("comes once, however many click at the same time", async () => {
    const { id } = await rig.service.request(alice, weekly);
    const answers = await Promise.allSettled([bob, carol, bob, carol].map((who) => rig.service.approve(who, id)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await types(id)).filter((type) => type === "activated")).toHaveLength(1);
  });
  it("can be refused by an approver, and taken back by the requester; it then comes due no more", async () => {
    const [first, second] = [await rig.service.request(alice, weekly), await rig.service.request(alice, weekly)];
    expect((await rig.service.deny(bob, first.id, "not on Sundays")).state).toBe("denied");
    expect((await rig.service.cancel(alice, second.id)).state).toBe("cancelled");
    await expect(rig.service.approve(bob, first.id)).rejects.toMatchObject({
      hint: expect.stringContaining('/chaos schedule check "0 6 * * 0" tz=Europe/Berlin'),
    });
    await expect(rig.service.cancel(alice, "schedule-999")).rejects.toMatchObject({ code: "unknown_schedule" });
  });
  it("is refused to a schedule that would not come due within it", async () => {
    const yearly = { ...weekly, pattern: "0 6 1 6 *" };
    await expect(rig.service.request(alice, yearly)).rejects.toMatchObject({ hint: expect.stringContaining("for=") });
  });
  it("leaves a history that nobody can change", async () => {
    const id = await rig.active();
    for (const table of ["schedule_events", "schedule_decisions"]) {
      await expect(db.database.query(`delete from ${table} where schedule_id = $1`, [id])).rejects.toThrow(
        "append-only",
      );
    }
  });
});

describe("the policy, when it comes due", () => {
  const week = [1, 2, 3, 4, 5, 6, 7];
  const always = { kind: "weekly", timeZone: "UTC", days: week, fromMinute: 0, untilMinute: 1440 } as const;
  const frozen = (): Policy => {
    const simple = testPolicy();
    const { match } = simple.rules[0] ?? { match: undefined };
    if (match === undefined) throw new Error("the simple policy has no rule");
    const until = { year: 2026, month: 11, day: 24, minute: 690 };
    const window = { kind: "once", timeZone: "UTC", from: { ...until, minute: 630 }, until } as const;
    return { ...simple, freezes: [{ name: "the release", match, window }] };
  };
  const said = async (id: string) => (await rig.events(id)).at(-1);
  it.each(["check", "break"])("skips a frozen time loudly, and starts at the next (%s)", async (name) => {
    const id = await rig.active({}, name);
    rig.world.policy = frozen();
    at(11);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toEqual([]);
    expect(await said(id)).toMatchObject({
      type: "cannot-start",
      message: expect.stringMatching(/lab is frozen \(the release\) until .*2026-11-24 11:30 UTC/),
    });
    expect(await stored(id)).toMatchObject({ state: "active", runsUsed: 0 });
    at(12);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toHaveLength(1);
  });
  it("cannot be asked for or approved in a frozen time", async () => {
    const { id } = await rig.service.request(alice, weekly);
    rig.world.policy = { ...frozen(), freezes: [{ ...frozen().freezes[0]!, window: always }] };
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject({ message: expect.stringContaining("frozen") });
    await expect(rig.service.request(alice, weekly)).rejects.toMatchObject({ code: "not_allowed" });
  });
  it("starts nothing while Slack does not answer, and does not end for it", async () => {
    const id = await rig.active();
    rig.world.standing = { kind: "unknown", why: "no answer from Slack" };
    at(11);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toEqual([]);
    expect(await said(id)).toMatchObject({
      type: "cannot-start",
      message: expect.stringContaining("Slack could not say"),
    });
    rig.world.standing = { kind: "member" };
    at(12);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toHaveLength(1);
  });
  it("starts nothing for a requester who was deactivated, nor where no rule allows it", async () => {
    const id = await rig.active();
    rig.world.standing = { kind: "refused", why: "deactivated" };
    at(11);
    await handleDue(rig.deps, id);
    expect(await said(id)).toMatchObject({ type: "cannot-start", message: expect.stringContaining("deactivated") });
    rig.world.standing = { kind: "member" };
    rig.world.policy = { ...testPolicy(), rules: [] };
    at(12);
    await handleDue(rig.deps, id);
    expect(await said(id)).toMatchObject({ type: "cannot-start", message: expect.stringContaining("No rule") });
    expect(await runsOf(id)).toEqual([]);
  });
  it("asks for nothing while another run hits a primary on the cluster", async () => {
    const kill = { id: "kill", title: "Kill", kind: "PodChaos", subject: ["primary"], target: [] } as const;
    rig.world.experiments = rig.world.experiments.map((known) => ({
      ...known,
      faults: [{ ...kill, subject: [...kill.subject], target: [], spec: { action: "pod-kill" } }],
    }));
    const id = await rig.active({}, "break");
    const simple = testPolicy();
    const limits = { namespaces: null, maxDurationMs: null, onePrimaryAtATime: true };
    rig.world.policy = { ...simple, rules: simple.rules.map((rule) => ({ ...rule, limits })) };
    const other = await insertTestRun(db.database);
    await compareAndSetState(db.database, { runId: other, from: "requested", to: "approved" });
    at(11);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toEqual([]);
    expect(await said(id)).toMatchObject({ type: "cannot-start", message: expect.stringContaining(`${other} hits`) });
    await compareAndSetState(db.database, { runId: other, from: "approved", to: "aborted" });
    // Of earlier tests.
    await db.database.query("update runs set state = 'completed', ended_at = now() where ended_at is null");
    at(12);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toHaveLength(1);
  });
  it("needs somebody else for a schedule also where a run needs nobody, who then starts it without asking", async () => {
    const simple = testPolicy();
    rig.world.policy = { ...simple, rules: simple.rules.map((rule) => ({ ...rule, required: 0 })) };
    const { id } = await rig.service.request(alice, { ...weekly, pattern: "0 * * * *" });
    await expect(rig.service.approve(alice, id)).rejects.toMatchObject({ code: "not_allowed" });
    expect((await rig.service.approve(bob, id)).state).toBe("active");
    at(11);
    await handleDue(rig.deps, id);
    const [runId = ""] = await runsOf(id);
    expect(await findRun(db.database, runId)).toMatchObject({ state: "approved" });
  });
});

describe("a due time", () => {
  it("starts one run, however many workers are woken how often", async () => {
    const id = await rig.active();
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toEqual([]);
    at(11);
    await Promise.all(Array.from({ length: 8 }, () => handleDue(rig.deps, id)));
    const [runId, ...more] = await runsOf(id);
    expect(more).toEqual([]);
    expect(rig.woken).toEqual([runId]);
    const run = await findRun(db.database, runId ?? "");
    expect(run).toMatchObject({ state: "approved", requestedBy: alice.userId, approvedBy: [bob.userId] });
    const decisions = await db.database.query("select plan_digest, reason from run_decisions where run_id = $1", [
      runId,
    ]);
    expect(decisions.rows).toEqual([{ plan_digest: run?.digest, reason: `run 1 of 13 of ${id}` }]);
    expect(await stored(id)).toMatchObject({ runsUsed: 1, lastRunId: runId, nextDueAt: "2026-11-24T12:00:00.000Z" });
  });
  it("of an experiment that injects faults only asks, and the run needs an approval of its own", async () => {
    const id = await rig.active({}, "break");
    expect((await stored(id)).kind).toBe("asks");
    at(11);
    await handleDue(rig.deps, id);
    const [runId = ""] = await runsOf(id);
    expect(await findRun(db.database, runId)).toMatchObject({ state: "requested", approvedBy: [] });
  });
  it("does not start after it was cancelled, even when its start was under way", async () => {
    const id = await rig.active();
    at(11);
    const claimed = await claim(rig.deps, id);
    expect(claimed).not.toBeNull();
    await rig.service.cancel(carol, id);
    at(11, 5);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toEqual([]);
  });
  it("whose worker vanished is started by another one, once", async () => {
    const id = await rig.active();
    at(11);
    expect(await claim(rig.deps, id)).toMatchObject({ fence: 1 });
    at(11, 1);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toEqual([]);
    at(11, 3);
    await Promise.all([handleDue(rig.deps, id), handleDue(rig.deps, id)]);
    expect(await runsOf(id)).toHaveLength(1);
  });
  it.each(["check", "break"])(
    "of %s whose slow worker was given up starts nothing more, and says nothing",
    async (name) => {
      const id = await rig.active({}, name);
      let answer = (): void => undefined;
      rig.world.answered = new Promise((resolve) => (answer = resolve));
      at(11);
      const slow = handleDue(rig.deps, id);
      await waitFor(
        async () => (await stored(id)).claimFence,
        (fence) => fence === 1,
        5000,
      );
      rig.world.answered = Promise.resolve();
      at(11, 3);
      await handleDue(rig.deps, id);
      answer();
      await slow;
      expect(await runsOf(id)).toHaveLength(1);
      expect((await types(id)).at(-1)).toBe("due");
      expect(await stored(id)).toMatchObject({ runsUsed: 1, lastProblem: null });
    },
  );
  it("is started late within the hour, and says so", async () => {
    const id = await rig.active();
    at(11, 40);
    await handleDue(rig.deps, id);
    expect(await rig.events(id)).toContainEqual(expect.objectContaining({ type: "due", lateMs: 40 * 60_000 }));
  });
  it("that was missed for longer is named, once, with how many there were; none of them is made up for", async () => {
    const id = await rig.active({ pattern: "0 6 * * *", runsAllowed: 100 });
    rig.world.now = new Date("2026-11-28T09:00:00Z");
    await Promise.all([handleDue(rig.deps, id), handleDue(rig.deps, id)]);
    const missed = (await rig.events(id)).filter(({ type }) => type === "missed");
    expect(missed).toEqual([
      expect.objectContaining({ count: 4, first: "2026-11-25T06:00:00.000Z", last: "2026-11-28T06:00:00.000Z" }),
    ]);
    expect(await runsOf(id)).toEqual([]);
    expect(await stored(id)).toMatchObject({ state: "active", nextDueAt: "2026-11-29T06:00:00.000Z" });
  });
  it("after an outage is started when it is fresh, and the older ones are named", async () => {
    const id = await rig.active();
    at(14, 10);
    await handleDue(rig.deps, id);
    expect(await types(id)).toEqual(["requested", "approved", "activated", "missed", "due"]);
    expect((await rig.events(id)).find(({ type }) => type === "missed")).toMatchObject({ count: 3 });
  });
});

describe("a due time that cannot start", () => {
  it("says why, once, with what to type next, and the schedule goes on", async () => {
    const id = await rig.active();
    at(11);
    await handleDue(rig.deps, id);
    const [running = ""] = await runsOf(id);
    at(12);
    await Promise.all([handleDue(rig.deps, id), handleDue(rig.deps, id)]);
    expect((await rig.events(id)).filter(({ type }) => type === "cannot-start")).toEqual([
      expect.objectContaining({
        code: "target_busy",
        message: expect.stringContaining(running),
        hint: expect.stringContaining(`/chaos abort ${running}`),
      }),
    ]);
    expect((await stored(id)).lastProblem).toContain(running);
    await compareAndSetState(db.database, { runId: running, from: "approved", to: "aborted" });
    at(13);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toHaveLength(2);
    expect(await stored(id)).toMatchObject({ lastProblem: null, runsUsed: 2 });
  });
  it("because the system does not answer or the experiment is gone, says that", async () => {
    const id = await rig.active();
    rig.world.reachable = false;
    at(11);
    await handleDue(rig.deps, id);
    rig.world.experiments = [];
    at(12);
    await handleDue(rig.deps, id);
    const codes = (await rig.events(id)).flatMap((event) => (event.type === "cannot-start" ? [event.code] : []));
    expect(codes).toEqual(["system_unreachable", "unknown_experiment"]);
    expect(await stored(id)).toMatchObject({ state: "active", runsUsed: 0 });
  });
});

describe("a schedule ends", () => {
  it("when its runs are used up", async () => {
    const id = await rig.active({ runsAllowed: 1 });
    at(11);
    await handleDue(rig.deps, id);
    expect(await stored(id)).toMatchObject({ state: "ended", runsUsed: 1, nextDueAt: null });
    expect((await rig.events(id)).at(-1)).toMatchObject({ type: "ended", reason: expect.stringContaining("1 of 1") });
    at(12);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toHaveLength(1);
  });
  it("when the time of its approval is over, and starts nothing after that", async () => {
    const id = await rig.active({ validForDays: 1, pattern: "30 9 * * *" });
    rig.world.now = new Date("2026-11-25T10:00:00Z");
    await handleDue(rig.deps, id);
    expect(await types(id)).toEqual(["requested", "approved", "activated", "missed", "ended"]);
    expect(await runsOf(id)).toEqual([]);
  });
  it("when the plan is no longer the one that was approved", async () => {
    const id = await rig.active();
    const [first] = rig.world.experiments;
    if (first === undefined) throw new Error("no experiment");
    rig.world.experiments = [{ ...first, guards: [{ id: "new", title: "A new guard", bounds: {} }] }];
    at(11);
    await handleDue(rig.deps, id);
    expect(await stored(id)).toMatchObject({ state: "ended", runsUsed: 0 });
    expect((await rig.events(id)).at(-1)).toMatchObject({ reason: expect.stringContaining("have changed") });
  });
  it("when who approved it may approve no more", async () => {
    const id = await rig.active();
    rig.world.approvers = [carol.userId];
    at(11);
    await handleDue(rig.deps, id);
    expect(await runsOf(id)).toEqual([]);
    expect((await rig.events(id)).at(-1)).toMatchObject({ reason: expect.stringContaining("no longer an approver") });
  });
  it("when nobody approves it within a day", async () => {
    const { id } = await rig.service.request(alice, weekly);
    const reconcile = () =>
      reconcileSchedules({
        ...rig.deps,
        now: () => rig.world.now,
        wakeUpCalls: { set: async () => undefined, remove: async () => undefined, list: async () => [] },
      });
    await reconcile();
    expect((await stored(id)).state).toBe("requested");
    rig.world.now = new Date("2026-11-25T10:00:00Z");
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject({ code: "not_pending" });
    await reconcile();
    expect((await stored(id)).state).toBe("expired");
  });
});
