import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGameDayService } from "../../src/gameday/create-service.ts";
import { appendAct, loadGameDay } from "../../src/gameday/append.ts";
import { driveGameDay, missTheGone } from "../../src/gameday/drive.ts";
import { startGameDayKeeper } from "../../src/gameday/keeper.ts";
import type { GameDayService, PlanRequest } from "../../src/gameday/service.ts";
import { commanderOf } from "../../src/gameday/state.ts";
import { existingRun, move } from "../../src/run/decide.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import type { Actor } from "../../src/run/service.ts";
import { inTransaction } from "../../src/store/database.ts";
import { appendGameDayEvents, findGameDay, gameDayOfRun, linkedRuns } from "../../src/store/game-days.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { testAuthoriser, testPolicy } from "../support/policy.ts";
import { waitFor } from "../support/stack.ts";

let db: TestDatabase;
/** Two bots on one database. */
let one: DispatchRig;
let two: DispatchRig;
let channel = 0;
let channelId = "";
beforeAll(async () => {
  db = await startTestDatabase();
  [one, two] = await Promise.all([dispatchRig(db.database), dispatchRig(db.database)]);
});
afterAll(() => db?.stop());
beforeEach(async () => {
  channel += 1;
  channelId = `C${channel}`;
  // A target is free again for the next test.
  const { rows } = await db.database.query<{ id: string }>("select id from runs where ended_at is null");
  for (const { id } of rows) await one.service.abort(person("U0BOB"), id);
});

const person = (userId: string, teamId = "T1"): Actor => ({ userId, teamId, channelId });
const alice = () => person("U0ALICE");
const bob = () => person("U0BOB");
const cleo = () => person("U0CLEO");
const plan = (change: Partial<PlanRequest> = {}): PlanRequest => ({
  title: "Autumn",
  plannedFor: null,
  scope: null,
  environment: null,
  rule: "roles",
  mayBreak: null,
  abortWhen: null,
  agenda: ["redis-split-brain", "etcd-quorum-loss"].map((experiment) => ({
    experiment,
    parameters: {},
    profile: null,
    cluster: null,
    expect: null,
    mayBreak: null,
    abortWhen: null,
  })),
  ...change,
});
const types = async (id: string): Promise<string[]> =>
  ((await findGameDay(db.database, id))?.events ?? []).map(({ type }) => type);
const day = async (id: string) => {
  const found = await loadGameDay(db.database, id);
  if (found === null) throw new Error(`no ${id}`);
  return found;
};
/** Alice commands, Bob operates; the first item is at the vote. */
async function atTheVote(service: GameDayService = one.gameDays, change: Partial<PlanRequest> = {}): Promise<string> {
  const { id } = await service.plan(alice(), plan(change));
  await service.act(bob(), { kind: "role", user: "U0BOB", role: "operator", intent: "take" });
  await service.act(alice(), { kind: "start" });
  await service.act(alice(), { kind: "next", item: null });
  return id;
}
const go = { kind: "vote", item: null, vote: "go", reason: null } as const;
const walk = async (run: string, ...states: RunState[]): Promise<void> => {
  for (const state of states) {
    await inTransaction(db.database, async (client) =>
      move(client, await existingRun(client, run), state, state === "completed" ? null : `It is ${state}.`, []),
    );
  }
};

describe("events of a game day", () => {
  it("are appended by one of two who have seen the same", async () => {
    const { id, seq } = await one.gameDays.plan(alice(), plan());
    const append = (by: string) =>
      appendGameDayEvents(db.database, { id, seen: seq, phase: "planned" }, [
        { type: "joined", by },
        { type: "readiness-said", by, isReady: true, reason: null },
      ]);
    const appended = await Promise.all([append("U0ONE"), append("U0TWO")]);
    expect(appended.filter((was) => was)).toHaveLength(1);
    const events = (await findGameDay(db.database, id))?.events ?? [];
    expect(events.map((event) => event.seq)).toEqual(events.map((_event, at) => at + 1));
    expect(events.filter(({ type }) => type === "joined")).toHaveLength(1);
  });
  it("of many at once all count, in an order without gaps", async () => {
    const { id } = await one.gameDays.plan(alice(), plan());
    const people = Array.from({ length: 24 }, (_u, at) => person(`U0P${at}`));
    await Promise.all(people.map((actor, at) => (at % 2 === 0 ? one : two).gameDays.act(actor, { kind: "join" })));
    const now = await day(id);
    expect(now.people).toHaveLength(25);
    const events = (await findGameDay(db.database, id))?.events ?? [];
    expect(events.map((event) => event.seq)).toEqual(events.map((_event, at) => at + 1));
  });
  it("cannot be changed afterwards", async () => {
    const { id } = await one.gameDays.plan(alice(), plan());
    await expect(
      db.database.query("update game_day_events set data = '{}' where game_day_id = $1", [id]),
    ).rejects.toThrow("append-only");
  });
});

describe("a channel", () => {
  it("has one open game day, also when two are planned at once", async () => {
    const tried = await Promise.allSettled([
      one.gameDays.plan(alice(), plan()),
      two.gameDays.plan(bob(), plan()),
      two.gameDays.plan(alice(), plan()),
    ]);
    expect(tried.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = tried.flatMap((each) => (each.status === "rejected" ? [each.reason as Error] : []));
    for (const error of refused) expect(error).toMatchObject({ code: "not_pending" });
    const other = { ...alice(), channelId: `${channelId}X` };
    expect((await one.gameDays.plan(other, plan())).phase).toBe("planned");
  });
});

describe("who may", () => {
  const serviceWith = (authoriser: ReturnType<typeof testAuthoriser>): GameDayService =>
    createGameDayService({
      database: db.database,
      authoriser,
      runs: one.service,
      clusterNames: ["lab"],
      onChange: async () => undefined,
    });
  it("nobody plans where no rule lets anybody ask for runs", async () => {
    const nothing = serviceWith(testAuthoriser({ policy: () => ({ ...testPolicy(), rules: [] }) }));
    await expect(nothing.plan(alice(), plan())).rejects.toMatchObject({ code: "not_allowed" });
    expect(await one.gameDays.open(channelId)).toBe(null);
  });
  it("only those command whom some rule lets ask for runs; others take part", async () => {
    const [rule] = testPolicy().rules;
    if (rule === undefined) throw new Error("no rule");
    const requesters = { anyone: false, users: ["U0ALICE"], groups: [] };
    const some = serviceWith(testAuthoriser({ policy: () => ({ ...testPolicy(), rules: [{ ...rule, requesters }] }) }));
    await expect(some.plan(bob(), plan())).rejects.toMatchObject({ code: "not_allowed" });
    await some.plan(alice(), plan());
    await some.act(bob(), { kind: "join" });
    const takeOver = { kind: "role", user: "U0BOB", role: "commander", intent: "take-over" } as const;
    await expect(some.act(bob(), takeOver)).rejects.toMatchObject({ code: "not_allowed" });
    const give = { ...takeOver, intent: "take" } as const;
    await expect(some.act(alice(), give)).rejects.toMatchObject({ code: "not_allowed" });
  });
  it.each([
    [
      "a guest",
      testAuthoriser({
        directory: {
          person: async () => ({ kind: "refused", why: "guest" }),
          groupMembers: async () => ({ known: true, members: [] }),
        },
      }),
      "T1",
    ],
    [
      "somebody whom Slack says nothing of",
      testAuthoriser({
        directory: {
          person: async () => ({ kind: "unknown", why: "timeout" }),
          groupMembers: async () => ({ known: true, members: [] }),
        },
      }),
      "T1",
    ],
    ["somebody of another workspace", testAuthoriser(), "T2"],
  ])("%s neither joins nor votes", async (_who, authoriser, team) => {
    const id = await atTheVote();
    const before = await types(id);
    const theirs = serviceWith(authoriser);
    for (const act of [{ kind: "join" } as const, go]) {
      await expect(theirs.act(person("U0GUEST", team), act)).rejects.toMatchObject({ code: "not_allowed" });
    }
    expect(await types(id)).toEqual(before);
  });
});

describe("a decision", () => {
  it("by two votes at two bots at once is one decision and one run, in the name of who put it", async () => {
    const id = await atTheVote();
    await Promise.all([one.gameDays.act(alice(), go), two.gameDays.act(bob(), go)]);
    await Promise.all(Array.from({ length: 6 }, (_u, at) => driveGameDay((at % 2 === 0 ? one : two).drive, id)));
    const seen = await types(id);
    expect(seen.filter((type) => type === "decided")).toHaveLength(1);
    expect(seen.filter((type) => type === "run-requested")).toHaveLength(1);
    expect(seen).not.toContain("run-refused");
    const [linked, ...others] = await linkedRuns(db.database, id);
    expect(others).toEqual([]);
    expect(linked).toMatchObject({ item: 1, state: "requested" });
    const run = await existingRun(db.database, linked?.run ?? "");
    expect(run).toMatchObject({ requestedBy: "U0ALICE", channelId, experiment: "redis-split-brain" });
    // Approval is by somebody else, as for any run.
    await expect(one.service.approve(alice(), run.id)).rejects.toMatchObject({ code: "not_allowed" });
    expect(await gameDayOfRun(db.database, run.id)).toBe(id);
  });
  it("is acted on by another bot when the one that took it died before it asked", async () => {
    const id = await atTheVote();
    for (const by of ["U0ALICE", "U0BOB"]) await appendAct(db.database, id, { ...go, by });
    expect((await day(id)).items[0]).toMatchObject({ state: "go", run: null });
    const keeper = startGameDayKeeper(two.drive);
    try {
      const item = await waitFor(
        async () => (await day(id)).items[0],
        (now) => now?.run != null,
        10_000,
      );
      expect(item).toMatchObject({ state: "running", runState: "requested" });
    } finally {
      await keeper.stop();
    }
  });
  it("that many find undone at the same moment has one run, and no false refusal", async () => {
    const id = await atTheVote();
    for (const by of ["U0ALICE", "U0BOB"]) await appendAct(db.database, id, { ...go, by });
    await Promise.all(Array.from({ length: 6 }, (_u, at) => driveGameDay((at % 2 === 0 ? one : two).drive, id)));
    const seen = await types(id);
    expect(seen.filter((type) => type === "run-requested")).toHaveLength(1);
    expect(seen).not.toContain("run-refused");
    const { rows } = await db.database.query("select id from runs where channel_id = $1", [channelId]);
    expect(rows).toHaveLength(1);
  });
  it("is told by another bot when the one that asked died before it said so", async () => {
    const id = await atTheVote();
    for (const by of ["U0ALICE", "U0BOB"]) await appendAct(db.database, id, { ...go, by });
    const asked = await one.service.request(alice(), {
      experiment: "redis-split-brain",
      parameters: {},
      gameDay: { id, item: 1 },
    });
    await driveGameDay(two.drive, id);
    expect((await day(id)).items[0]).toMatchObject({ run: asked.id });
    expect(await linkedRuns(db.database, id)).toHaveLength(1);
  });
  it("that is old when a bot comes back begins nothing", async () => {
    const id = await atTheVote();
    const { seq } = await day(id);
    await db.database.query("update game_days set last_seq = $2 where id = $1", [id, seq + 1]);
    await db.database.query(
      `insert into game_day_events (game_day_id, seq, version, type, data, at)
       values ($1, $2, 1, 'decided', '{"item": 1, "vote": "go", "reason": null}', now() - interval '6 minutes')`,
      [id, seq + 1],
    );
    await driveGameDay(one.drive, id);
    expect((await day(id)).items[0]?.refusal?.reason).toContain("The bot was away");
    expect(await linkedRuns(db.database, id)).toEqual([]);
  });
  it("whose run is refused says why, and is put to the vote again", async () => {
    const other = { ...bob(), channelId: `${channelId}X` };
    const blocking = await one.service.request(other, { experiment: "redis-split-brain", parameters: {} });
    await one.service.approve(alice(), blocking.id);
    const id = await atTheVote();
    await one.gameDays.act(alice(), go);
    await two.gameDays.act(bob(), go);
    expect((await day(id)).items[0]?.refusal?.reason).toContain(`${blocking.id} is active`);
    await one.service.abort(bob(), blocking.id);
    await one.gameDays.act(alice(), { kind: "next", item: null });
    await one.gameDays.act(alice(), go);
    await one.gameDays.act(bob(), go);
    expect((await day(id)).items[0]).toMatchObject({ state: "running", refusal: null });
  });
  it("gets no run once the game day was paused", async () => {
    const id = await atTheVote();
    await one.gameDays.act(alice(), { kind: "pause", reason: null });
    const asked = one.service.request(alice(), {
      experiment: "redis-split-brain",
      parameters: {},
      gameDay: { id, item: 1 },
    });
    await expect(asked).rejects.toMatchObject({ code: "not_pending" });
    expect(await linkedRuns(db.database, id)).toEqual([]);
  });
});

describe("a run", () => {
  it("moves its item to done with how it ended, told once by two bots", async () => {
    const id = await atTheVote();
    await one.gameDays.act(alice(), go);
    await one.gameDays.act(bob(), go);
    const run = (await day(id)).items[0]?.run ?? "";
    await one.service.approve(bob(), run);
    await walk(run, "preflight", "failed");
    await Promise.all([driveGameDay(one.drive, id), driveGameDay(two.drive, id)]);
    expect((await day(id)).items[0]).toMatchObject({
      state: "done",
      result: { state: "failed", reason: "It is failed.", verdicts: null, lost: null },
    });
    expect((await types(id)).filter((type) => type === "run-ended")).toHaveLength(1);
  });
  it("closes predictions when its fault begins, also before that was told", async () => {
    const id = await atTheVote();
    await one.gameDays.act(alice(), go);
    await one.gameDays.act(bob(), go);
    const run = (await day(id)).items[0]?.run ?? "";
    const predict = { kind: "predict", item: 1, hypothesis: "held", loss: "none" } as const;
    await two.gameDays.act(cleo(), predict);
    await one.service.approve(bob(), run);
    await walk(run, "preflight", "baseline", "injecting");
    await expect(two.gameDays.act(person("U0LATE"), predict)).rejects.toMatchObject({ code: "not_pending" });
    expect((await day(id)).items[0]?.predictions.map(({ by }) => by)).toEqual(["U0CLEO"]);
    await walk(run, "healing", "verifying", "judging", "aborted");
  });
  it("that was asked for otherwise in the channel becomes an item of its own, once", async () => {
    const id = await atTheVote();
    const run = await two.service.request(bob(), { experiment: "redis-failover", parameters: {} });
    await Promise.all([driveGameDay(one.drive, id), driveGameDay(two.drive, id), driveGameDay(one.drive, id)]);
    const extra = (await day(id)).items.filter(({ isExtra }) => isExtra);
    expect(extra).toMatchObject([{ run: run.id, experiment: "redis-failover", state: "running" }]);
  });
  it("of another channel, or from before the start, does not", async () => {
    const before = await one.service.request(bob(), { experiment: "redis-failover", parameters: {} });
    const id = await atTheVote();
    await one.service.request({ ...bob(), channelId: "C0OTHER" }, { experiment: "redis-failover", parameters: {} });
    await driveGameDay(one.drive, id);
    expect((await day(id)).items.filter(({ isExtra }) => isExtra)).toEqual([]);
    expect(await gameDayOfRun(db.database, before.id)).toBe(null);
  });
});

describe("a halt", () => {
  it("holds the game day, and after it was lifted the commander lets it go on", async () => {
    const id = await atTheVote();
    const { halt } = await one.halts.halt(cleo(), "customers see errors");
    // However long its reason is, it is told once.
    await db.database.query("update halts set reason = reason || $2 where id = $1", [halt.id, "!".repeat(3000)]);
    await Promise.all([driveGameDay(one.drive, id), driveGameDay(two.drive, id)]);
    expect(await day(id)).toMatchObject({ phase: "halted", held: { by: "U0CLEO", halt: halt.id } });
    expect((await day(id)).held?.reason).toContain("customers see errors!!!");
    await expect(one.gameDays.act(alice(), go)).rejects.toMatchObject({ code: "not_pending" });
    await one.halts.resume(alice());
    await driveGameDay(two.drive, id);
    expect((await day(id)).phase).toBe("paused");
    await one.gameDays.act(alice(), { kind: "resume" });
    expect((await day(id)).phase).toBe("open");
    expect((await types(id)).filter((type) => type === "halted")).toHaveLength(1);
  });
});

describe("the commander", () => {
  it("whose account is closed is missed, and somebody else takes over", async () => {
    const id = await atTheVote();
    const drive = { ...two.drive, isDeactivated: async (userId: string) => userId === "U0ALICE" };
    await Promise.all([missTheGone(drive, id), missTheGone(drive, id)]);
    expect(commanderOf(await day(id))).toBe(null);
    expect((await types(id)).filter((type) => type === "left")).toHaveLength(1);
    await two.gameDays.act(bob(), { kind: "role", user: "U0BOB", role: "commander", intent: "take" });
    expect(commanderOf(await day(id))).toBe("U0BOB");
    await two.gameDays.act(bob(), { kind: "skip", item: 1, reason: "Alice is not here" });
    expect((await day(id)).items[0]?.state).toBe("skipped");
  });
});
