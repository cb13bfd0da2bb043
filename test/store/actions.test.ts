import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remindDue } from "../../src/run/actions/reminders.ts";
import { behindActions, narrateAction } from "../../src/slack/action-narrator.ts";
import {
  actionEvents,
  actionsOfGameDay,
  appendActionEvents,
  changeAction,
  closeAction,
  countOpenActions,
  findAction,
  insertAction,
  openActions,
  stillOpen,
  type NewAction,
} from "../../src/store/actions.ts";
import { inTransaction } from "../../src/store/database.ts";
import { asService, insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  // With the rights that the bot has.
  db = await asService(await startTestDatabase());
});
afterAll(() => db?.stop());

let channels = 0;
const channel = (): string => `C${(channels += 1)}`;
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const add = (change: Partial<NewAction> = {}): Promise<string> =>
  inTransaction(db.database, async (client) => {
    const action: NewAction = {
      title: "Set it",
      owner: "U0BOB",
      dueOn: null,
      runId: null,
      finding: null,
      createdBy: "U0ALICE",
      teamId: "T1",
      channelId: "C0",
      ...change,
    };
    const id = await insertAction(client, action);
    const { title, owner, dueOn, runId, finding, createdBy } = action;
    await appendActionEvents(client, id, [{ type: "added", by: createdBy, title, owner, dueOn, run: runId, finding }]);
    return id;
  });
const outbox = async (subject: string): Promise<Array<{ key: string; channel_id: string; payload: unknown }>> =>
  (
    await db.database.query<{ key: string; channel_id: string; payload: unknown }>(
      "select key, channel_id, payload from slack_outbox where run_id = $1 order by id",
      [subject],
    )
  ).rows;

describe("the store of actions", () => {
  it("gives back what was put in, with the run's experiment, and its day as it was written", async () => {
    const runId = await insertTestRun(db.database);
    const finding = { id: "f", title: "found" };
    const id = await add({ runId, finding, dueOn: "2026-12-31" });
    expect(await findAction(db.database, id)).toMatchObject({
      id,
      state: "open",
      dueOn: "2026-12-31",
      runId,
      experiment: "redis-split-brain",
      finding,
      closedAt: null,
    });
    expect(id).toMatch(/^action-\d+$/);
  });
  it("lists what is open: what is due first, of the channel, of the owner, no more than wanted, all counted", async () => {
    const channelId = channel();
    const none = await add({ channelId });
    const late = await add({ channelId, dueOn: day(9) });
    const soon = await add({ channelId, dueOn: day(2), owner: "U0CAROL" });
    const gone = await add({ channelId });
    await add({ channelId: channel() });
    await closeAction(db.database, { id: gone, state: "done", by: "U0BOB", why: null });
    expect((await openActions(db.database, { channelId }, 10)).map(({ id }) => id)).toEqual([soon, late, none]);
    expect((await openActions(db.database, { channelId, owner: "U0BOB" }, 1)).map(({ id }) => id)).toEqual([late]);
    expect(await countOpenActions(db.database, { channelId, owner: "U0BOB" })).toBe(2);
  });
  it("tells an approver what is open from the experiment's earlier runs, and nothing when nothing is", async () => {
    const runId = await insertTestRun(db.database, "C1", { experiment: "of-its-own" });
    expect(await stillOpen(db.database, "of-its-own")).toEqual({});
    const id = await add({ runId });
    expect(await stillOpen(db.database, "of-its-own")).toEqual({
      openActions: [{ id, title: "Set it", owner: "U0BOB", dueOn: null, runId }],
    });
    await closeAction(db.database, { id, state: "dropped", by: "U0BOB", why: "no" });
    expect(await stillOpen(db.database, "of-its-own")).toEqual({});
  });
  it("finds those of a game day: of its runs, and those of no run in its channel and its time", async () => {
    const channelId = channel();
    const runId = await insertTestRun(db.database, channelId);
    const [ofRun, ofNone] = [await add({ runId, channelId }), await add({ channelId })];
    await add({ channelId: channel() });
    await closeAction(db.database, { id: ofRun, state: "done", by: "U0BOB", why: null });
    const times = { from: "2000-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z" };
    const found = await actionsOfGameDay(db.database, { runIds: [runId], channelId, ...times });
    expect(found.map(({ id }) => id)).toEqual([ofRun, ofNone]);
    const early = { ...times, until: "2001-01-01T00:00:00Z" };
    expect((await actionsOfGameDay(db.database, { runIds: [runId], channelId, ...early })).map(({ id }) => id)).toEqual(
      [ofRun],
    );
  });
  it("ends one once, whoever else tries", async () => {
    const id = await add();
    const end = { id, state: "done", by: "U0BOB", why: null } as const;
    const ended = await Promise.all(Array.from({ length: 5 }, () => closeAction(db.database, end)));
    expect(ended.filter(Boolean)).toHaveLength(1);
  });
  it("lets nobody rewrite what happened, or whose run it was", async () => {
    const id = await add();
    await expect(db.database.query("update action_events set data = '{}'")).rejects.toThrow();
    await expect(db.database.query("update actions set run_id = null where id = $1", [id])).rejects.toThrow();
  });
});

describe("a reminder", () => {
  it("is noted once by any number of bots, and again only for another day", async () => {
    const id = await add({ dueOn: day(-1) });
    const ahead = await add({ dueOn: day(2) });
    const reminders = async (of: string) =>
      (await actionEvents(db.database, of)).filter(({ type }) => type === "reminded").length;
    const noted = await Promise.all(Array.from({ length: 6 }, () => remindDue(db.database)));
    expect(noted.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect([await reminders(id), await reminders(ahead)]).toEqual([1, 0]);
    await changeAction(db.database, id, { dueOn: day(-2) });
    await remindDue(db.database);
    expect(await reminders(id)).toBe(2);
    expect(await remindDue(db.database)).toBe(0);
  });
  it("is not of what is done", async () => {
    const id = await add({ dueOn: day(-1) });
    await closeAction(db.database, { id, state: "done", by: "U0BOB", why: null });
    await remindDue(db.database);
    expect((await actionEvents(db.database, id)).map(({ type }) => type)).toEqual(["added"]);
  });
});

describe("what is told of an action", () => {
  it("is one message to its owner and a line in its run's thread, by any number of bots", async () => {
    const runId = await insertTestRun(db.database, "C7");
    const id = await add({ runId, channelId: "C7" });
    expect(await behindActions(db.database)).toContain(id);
    await Promise.all(Array.from({ length: 4 }, () => narrateAction(db.database, id, "/chaos")));
    expect(await behindActions(db.database)).not.toContain(id);
    expect((await outbox(id)).map(({ key, channel_id }) => [key, channel_id])).toEqual([["assigned:1", "U0BOB"]]);
    expect((await outbox(runId)).map(({ key, channel_id }) => [key, channel_id])).toEqual([[id, "C7"]]);
  });
  it("is nothing to who took it upon themselves, until its day has come", async () => {
    const id = await add({ owner: "U0ALICE", dueOn: day(-1) });
    await narrateAction(db.database, id, "/chaos");
    expect(await outbox(id)).toEqual([]);
    await remindDue(db.database);
    await narrateAction(db.database, id, "/chaos");
    expect((await outbox(id)).map(({ key, channel_id }) => [key, channel_id])).toEqual([["due:2", "U0ALICE"]]);
  });
});
