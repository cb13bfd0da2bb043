import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  beginDrawing,
  claimStale,
  endDrawing,
  isLookedAt,
  type Drawing,
  type FollowRules,
} from "../../src/slack/store/home-viewers.ts";
import { insertAction } from "../../src/store/actions.ts";
import { insertAlarm, acknowledge } from "../../src/store/alarms.ts";
import { inTransaction } from "../../src/store/database.ts";
import { insertDecision } from "../../src/store/decisions.ts";
import { insertHalt, liftHalt } from "../../src/store/halts.ts";
import { asService, insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { moveRun } from "../support/home-rig.ts";

let db: TestDatabase;
let owner: TestDatabase;
beforeAll(async () => {
  owner = await startTestDatabase();
  // With the rights that the bot has.
  db = await asService(owner);
});
afterAll(() => db?.stop());
beforeEach(async () => {
  await owner.database.query("delete from home_viewers");
  await owner.database.query("delete from slack_pace");
});

const rate = { everyMs: 1, burst: 1000 };
const rules: FollowRules = { openForMs: 60_000, everyMs: 0, claimMs: 60_000, mostFailures: 3, rate };
const begin = (userId = "U1"): Promise<Drawing> => beginDrawing(db.database, { userId, teamId: "T1" }, rate);
const claim = (change: Partial<FollowRules> = {}) => claimStale(db.database, { ...rules, ...change });
const shown = async (userId = "U1"): Promise<void> => endDrawing(db.database, await begin(userId), true);

describe("an App Home that was drawn", () => {
  it("is true until something changes, and then drawn again, for each once", async () => {
    await shown("U1");
    await shown("U2");
    expect(await claim()).toBeNull();
    await insertTestRun(db.database);
    const claimed = [await claim(), await claim(), await claim()];
    expect(new Set(claimed.map((one) => one?.userId))).toEqual(new Set(["U1", "U2", undefined]));
    for (const one of claimed) if (one !== null) await endDrawing(db.database, one, true);
    expect(await claim()).toBeNull();
  });
  it("is no longer true after whatever it shows has changed", async () => {
    const changes: Array<[what: string, change: () => Promise<unknown>]> = [];
    const id = await insertTestRun(db.database);
    changes.push([
      "an approval",
      () =>
        insertDecision(db.database, id, { userId: "U9", decision: "approved", reason: null, digest: "d".repeat(64) }),
    ]);
    changes.push(["a state", () => moveRun(db.database, id, "approved")]);
    changes.push(["a stop", () => db.database.query("update runs set abort_requested_by = 'U9' where id = $1", [id])]);
    changes.push(["an end", () => moveRun(db.database, id, "aborted")]);
    const late = await insertTestRun(db.database);
    changes.push([
      "a time that is over",
      () => db.database.query("update runs set expires_at = clock_timestamp() where id = $1", [late]),
    ]);
    changes.push([
      "an alarm",
      () => insertAlarm(db.database, { runId: id, cluster: "lab", targetKey: "k", reasons: [], firstCheckMs: 1 }),
    ]);
    changes.push(["an alarm that was seen", () => acknowledge(db.database, id, "U9")]);
    const action = { title: "t", owner: "U1", dueOn: null, runId: null, finding: null };
    changes.push([
      "an action",
      () => insertAction(db.database, { ...action, createdBy: "U1", teamId: "T1", channelId: "C1" }),
    ]);
    changes.push([
      "one that is overdue since now",
      () => db.database.query("update actions set due_on = (clock_timestamp() at time zone 'UTC')::date - 3"),
    ]);
    changes.push([
      "its end",
      () => db.database.query("update actions set state = 'done', closed_by = 'U1', closed_at = now()"),
    ]);
    const halt = { latch: randomUUID(), by: "U9", reason: null, channelId: null, fromCluster: null };
    changes.push(["a halt", () => inTransaction(db.database, (client) => insertHalt(client, halt))]);
    changes.push([
      "its end",
      () =>
        db.database
          .query("select id from halts where resumed_at is null")
          .then(({ rows }) =>
            inTransaction(db.database, (client) => liftHalt(client, (rows[0] as { id: string }).id, "U9", null)),
          ),
    ]);
    for (const [what, change] of changes) {
      await shown();
      expect([what, await claim()]).toEqual([what, null]);
      await change();
      expect([what, (await claim())?.userId]).toEqual([what, "U1"]);
    }
  });
  it("is drawn again when another drawing was begun beside it, or when Slack did not take it", async () => {
    const [first, second] = [await begin(), await begin()];
    await endDrawing(db.database, second, true);
    // The first ended last: it may stand there now, though it is older.
    await endDrawing(db.database, first, true);
    const again = await claim();
    expect(again?.userId).toBe("U1");
    await endDrawing(db.database, { userId: "U1", turn: again?.turn ?? 0, state: again?.state ?? "" }, false);
    expect((await claim())?.userId).toBe("U1");
  });
  it("is left alone after three refusals, until it is opened again", async () => {
    for (let at = 0; at < 3; at += 1) {
      const one = at === 0 ? await begin() : await claim();
      if (one === null) throw new Error("not claimed");
      await endDrawing(db.database, one, false);
    }
    expect(await claim()).toBeNull();
    expect(await isLookedAt(db.database, rules)).toBe(false);
    await endDrawing(db.database, await begin(), false);
    expect((await claim())?.userId).toBe("U1");
  });
  it("is not followed for who opened it too long ago", async () => {
    await shown();
    expect(await isLookedAt(db.database, rules)).toBe(true);
    await insertTestRun(db.database);
    await owner.database.query("update home_viewers set opened_at = clock_timestamp() - interval '2 minutes'");
    expect(await isLookedAt(db.database, rules)).toBe(false);
    expect(await claim()).toBeNull();
  });
  it("is taken over from a bot that died while drawing it", async () => {
    await shown();
    await insertTestRun(db.database);
    expect((await claim({ claimMs: 0 }))?.userId).toBe("U1");
    expect((await claim())?.userId).toBe("U1");
    expect(await claim()).toBeNull();
  });
  it("waits for its own time, and for what Slack takes of all drawings together", async () => {
    const slow = { rate: { everyMs: 60_000, burst: 2 } };
    for (const user of ["U1", "U2", "U3"]) await shown(user);
    await insertTestRun(db.database);
    expect(await claim({ everyMs: 60_000 })).toBeNull();
    await owner.database.query("delete from slack_pace");
    const claimed = [await claim(slow), await claim(slow), await claim(slow)];
    expect(claimed.filter((one) => one !== null)).toHaveLength(2);
    // What somebody opens does not wait, and is counted.
    await beginDrawing(db.database, { userId: "U4", teamId: "T1" }, slow.rate);
    const { rows } = await db.database.query<{ ahead: number }>(
      "select extract(epoch from paid_until - clock_timestamp())::float8 as ahead from slack_pace where scope = 'home'",
    );
    expect(rows[0]?.ahead).toBeGreaterThan(120);
  });
});
