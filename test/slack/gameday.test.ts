import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { startLocalSlack, workspace, type LocalMessage, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { startGameDayKeeper, type GameDayKeeper } from "../../src/gameday/keeper.ts";
import { existingRun, move } from "../../src/run/decide.ts";
import { startSlack, type RunningSlack } from "../../src/slack/app.ts";
import { slackModal } from "../../src/slack/modal.ts";
import { formOfNote, formOfPlan, formOfReason } from "../../src/slack/views/gameday/forms.ts";
import { inTransaction } from "../../src/store/database.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { refuseView } from "../support/slack-gate/rules.ts";
import { signedSlack, type SignedSlack } from "../support/signed-slack.ts";
import { waitFor } from "../support/stack.ts";

let directory: string;
let db: TestDatabase;
let local: LocalSlack;
let rig: DispatchRig;
let slack: SignedSlack;
let bot: RunningSlack;
let keeper: GameDayKeeper;
const lines: string[] = [];
const channel = workspace.channel.id;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  chmodSync(directory, 0o711);
  [db, local] = await Promise.all([startTestDatabase(), startLocalSlack(directory)]);
  rig = await dispatchRig(db.database, workspace.teamId);
  const port = await freePort();
  const { verbs, service, schedules, alarms, halts, overview, past, channels, actions, gameDays, exports } = rig;
  bot = await startSlack({
    config: { mode: "http", port, apiUrl: local.apiUrl, command: "/chaos", editEvery: 200, speed: 20 },
    secrets: {
      databaseUrl: "",
      redisUrl: "",
      slackBotToken: workspace.bot.token,
      slackSigningSecret: workspace.bot.signingSecret,
    },
    verbs,
    service,
    schedules,
    alarms,
    halts,
    overview,
    past,
    channels,
    exports,
    actions,
    gameDays,
    teamId: workspace.teamId,
    database: db.database,
    log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }),
  });
  keeper = startGameDayKeeper(rig.drive);
  slack = await signedSlack(port);
});
afterAll(async () => {
  await keeper?.stop();
  await bot?.stop();
  await slack?.stop();
  await local?.stop();
  await db?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const said = async (message: LocalMessage | undefined): Promise<string> => JSON.stringify(message?.blocks ?? "");
const board = async (): Promise<LocalMessage | undefined> =>
  (await local.messages()).find(
    ({ text, ephemeral_to: to }) => to === undefined && text?.startsWith("Game day ") === true,
  );
/** The board, once it says this. */
const boardSays = (what: string): Promise<string> =>
  waitFor(
    async () => said(await board()),
    (text) => text.includes(what),
    15_000,
  );
const threadSays = (what: string): Promise<string[]> =>
  waitFor(
    async () => {
      const parent = (await board())?.ts;
      const all = await local.messages();
      return all.flatMap((message) => (message.thread_ts === parent ? (message.text ?? "") : []));
    },
    (texts) => texts.some((text) => text.includes(what)),
    15_000,
  );
/** Types it, and waits for the answer, so that the next comes after it. */
const type = async (user: string, text: string): Promise<string> => {
  slack.answers();
  expect(await slack.command(user, text)).toBe(200);
  const [answer = ""] = await waitFor(
    async () => slack.answers(),
    (answers) => answers.length > 0,
    10_000,
  );
  return answer;
};
/** Clicks what is answered to the person, too. */
const clicked = async (user: string, action: string, value: string): Promise<void> => {
  slack.answers();
  expect(await slack.click(user, { action_id: `aftershock:${action}`, value })).toBe(200);
  await waitFor(
    async () => slack.answers(),
    (answers) => answers.length > 0,
    10_000,
  );
};
const event = (id: string, user: string, ts: string, reaction = "memo"): Promise<number> =>
  slack.send({
    contentType: "application/json",
    body: JSON.stringify({
      type: "event_callback",
      team_id: workspace.teamId,
      event_id: id,
      event: { type: "reaction_added", user, reaction, item: { type: "message", channel, ts } },
    }),
  });
const post = async (user: string, text: string): Promise<string> => {
  await fetch(`${local.url}/_control/message`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ channel, user, text }),
  });
  const found = await waitFor(
    async () => (await local.messages()).find((message) => message.text === text),
    (message) => message !== undefined,
    5000,
  );
  return found?.ts ?? "";
};
const notes = async () => (await rig.gameDays.open(channel))?.notes ?? [];

describe("a game day in the channel", () => {
  it("is planned in a line, and has a board, though nothing can be pinned here", async () => {
    const answer = await type(
      "U0ALICE",
      'gameday plan title="Autumn & friends" date="2026-12-01 09:00" tz=Europe/Berlin rule=roles breaks="the cache" agenda="redis-split-brain duration=30s expect=\'some are lost\'; etcd-quorum-loss"',
    );
    expect(answer).toContain("gameday-1 is planned");
    const text = await boardSays("not yet");
    expect(text).toContain("Autumn & friends");
    expect(text).toContain("redis-split-brain duration=30s");
    expect(text).toContain("some are lost");
    // 09:00 in Berlin, in each reader's own zone.
    expect(text).toContain(`<!date^${Date.parse("2026-12-01T08:00:00Z") / 1000}^`);
    await waitFor(
      async () => lines.join("\n"),
      (all) => all.includes("was not pinned"),
      10_000,
    );
  });
  it("refuses a second one, and what nobody knows, with what to type", async () => {
    expect(await type("U0BOB", 'gameday plan title="Another"')).toContain("one at a time");
    expect(await type("U0BOB", "gameday plann")).toContain("Did you mean /chaos gameday plan?");
    expect(await type("U0BOB", "gameday add redis-splitbrain")).toContain("Did you mean redis-split-brain");
    expect(await type("U0BOB", "gameday next")).toContain("for the commander");
  });
  it("shows who is ready, who is not and who is silent, by typed words and by buttons", async () => {
    await type("U0BOB", "gameday role operator");
    await type("U0BOB", "gameday ready no the dashboards are down");
    await slack.click("U0CAROL", { action_id: "aftershock:gameday-join:0", value: "gameday-1" });
    const text = await boardSays("<@U0CAROL>");
    expect(text).toContain(":x: not ready: <@U0BOB> (the dashboards are down)");
    expect(text).toMatch(/silent: [^"]*<@U0ALICE>/);
    await slack.click("U0BOB", { action_id: "aftershock:gameday-ready:0", value: "gameday-1" });
    expect(await boardSays(":white_check_mark: ready: <@U0BOB>")).not.toContain("dashboards are down");
    await threadSays("bob is *operator* now");
  });
  it("starts, asks once for the role that nobody has, and puts the first experiment to the vote", async () => {
    expect(await type("U0ALICE", "gameday start")).toContain("has started");
    await threadSays("Nobody is scribe yet");
    await type("U0ALICE", "gameday next");
    const text = await boardSays("Go or no-go for item 1");
    expect(text).toContain("Waiting for <@U0ALICE>, <@U0BOB>");
    expect(text).toContain("aftershock:gameday-go:0");
  });
  it("counts predictions without saying whose, and votes of those who may", async () => {
    await clicked("U0CAROL", "gameday-predict:1", "gameday-1|1|refuted");
    await clicked("U0BOB", "gameday-predict:3", "gameday-1|1|none");
    expect(await boardSays("Predicted so far: is refuted 1 · nothing lost 1")).toContain("Go or no-go");
    expect(await type("U0CAROL", "gameday vote go")).toContain("Observers do not vote");
    await type("U0ALICE", "gameday vote go");
    await slack.click("U0BOB", { action_id: "aftershock:gameday-go:0", value: "gameday-1|1" });
    await boardSays("run-1 waits for approval");
    await threadSays("run-1 is requested");
  });
  it("follows the run to its end and scores what was expected", async () => {
    await type("U0BOB", "approve run-1");
    for (const state of ["preflight", "baseline", "injecting", "active"] as const) {
      await inTransaction(db.database, async (client) =>
        move(client, await existingRun(client, "run-1"), state, null, []),
      );
    }
    await boardSays("fault active");
    await type("U0CAROL", "gameday see");
    expect(await type("U0CAROL", "gameday predict held")).toContain("closed when its fault began");
    for (const state of ["healing", "verifying", "judging", "aborted"] as const) {
      await inTransaction(db.database, async (client) =>
        move(
          client,
          await existingRun(client, "run-1"),
          state,
          state === "aborted" ? "A stop condition held." : null,
          [],
        ),
      );
    }
    const text = await boardSays("aborted: A stop condition held.");
    expect(text).toContain("nobody is right or wrong");
    expect(text).toContain("o put item 2");
    await threadSays("carol is the first to see an effect of item 1");
  });
  it("notes a message by reaction and by shortcut, once however often Slack says it or people point", async () => {
    const ts = await post("U0CAROL", "latency is up on checkout");
    expect(await event("Ev1", "U0BOB", ts)).toBe(200);
    expect(await event("Ev1", "U0BOB", ts)).toBe(200);
    // Bob's is in before Alice points, too.
    expect(await boardSays("latency is up on checkout")).toContain("said by <@U0CAROL>");
    expect(await event("Ev2", "U0ALICE", ts)).toBe(200);
    expect(await event("Ev3", "U0ALICE", ts, "eyes")).toBe(200);
    const shortcut = (triggerId: string, message: string, text: string): Promise<number> =>
      slack.send({
        body: new URLSearchParams({
          payload: JSON.stringify({
            type: "message_action",
            callback_id: "aftershock:note-message",
            trigger_id: triggerId,
            response_url: "http://127.0.0.1:9/",
            user: { id: "U0BOB", team_id: workspace.teamId },
            team: { id: workspace.teamId },
            channel: { id: channel },
            message: { ts: message, text, user: "U0CAROL" },
          }),
        }).toString(),
      });
    expect(await shortcut("t1", ts, "latency is up on checkout")).toBe(200);
    const other = await post("U0CAROL", "it is over");
    await shortcut("t2", other, "it is over");
    await shortcut("t2", other, "it is over");
    await boardSays("it is over");
    await type("U0BOB", "gameday note and typed <!channel>");
    await boardSays("and typed &lt;!channel&gt;");
    expect((await notes()).map(({ source, by, author }) => [source, by, author])).toEqual([
      ["reaction", "U0BOB", "U0CAROL"],
      ["shortcut", "U0BOB", "U0CAROL"],
      ["typed", "U0BOB", null],
    ]);
  });
  it("asks for a new commander when theirs has left, and goes on with the new one", async () => {
    await type("U0ALICE", "gameday leave");
    await boardSays("Nobody commands it now");
    await threadSays("One of you takes over");
    await slack.click("U0BOB", { action_id: "aftershock:gameday-role:3", value: "gameday-1|commander" });
    await boardSays("*Commander* <@U0BOB>");
  });
  it("skips for a reason, ends, and keeps the board as it was", async () => {
    expect(await type("U0BOB", "gameday skip")).toContain("for a reason");
    await type("U0BOB", "gameday skip no time left");
    await boardSays("skipped, no time left");
    await type("U0BOB", "gameday end");
    const text = await boardSays(":checkered_flag: *ended*");
    expect(text).not.toContain("aftershock:gameday-");
    expect(await type("U0BOB", "gameday join")).toContain("There is no game day in this channel");
    expect(await type("U0BOB", "gameday status 1")).toContain("gameday-1");
  });
  it("tells each who had a role what it does, once", async () => {
    const { rows } = await db.database.query<{ key: string; channel_id: string; state: string }>(
      "select key, channel_id, state from slack_outbox where run_id = 'gameday-1' and key like 'instructions:%' order by key",
    );
    expect(rows.map(({ key, channel_id: to }) => [key, to])).toEqual([
      ["instructions:commander:U0ALICE", "U0ALICE"],
      ["instructions:commander:U0BOB", "U0BOB"],
      ["instructions:observer:U0CAROL", "U0CAROL"],
      ["instructions:operator:U0BOB", "U0BOB"],
    ]);
    expect(rows.map(({ state }) => state)).toEqual(rows.map(() => "sent"));
  });
});

describe("the forms of a game day", () => {
  it("are what Slack takes", () => {
    const shown = [
      formOfPlan(rig.experiments, ["lab", "staging"]),
      formOfPlan([], []),
      formOfNote("gameday-1"),
      formOfReason("skip", "gameday-1|2"),
    ];
    for (const view of shown) expect(refuseView(slackModal(view, { channelId: "C1" }))).toEqual([]);
  });
  const actor = { userId: "U0ALICE", teamId: workspace.teamId, channelId: "C0FORMS" };
  it("plan one as the typed words do, and refuse what they refuse", async () => {
    const values = {
      title: "By form",
      when: String(Date.parse("2026-12-01T08:00:00Z") / 1000),
      experiments: ["redis-failover", "etcd-quorum-loss"],
      agenda: "redis-split-brain duration=30s",
      rule: "commander",
      environment: "lab",
      scope: null,
      breaks: "caches",
      abort: null,
    };
    const wrong = { values: { ...values, agenda: "redis-splitbrain" }, state: "" };
    await expect(rig.dispatcher.submit("gameday-plan", wrong, actor)).rejects.toMatchObject({
      code: "unknown_experiment",
    });
    await rig.dispatcher.submit("gameday-plan", { values, state: "" }, actor);
    const day = await rig.gameDays.open("C0FORMS");
    expect(day).toMatchObject({
      title: "By form",
      plannedFor: "2026-12-01T08:00:00.000Z",
      rule: "commander",
      environment: "lab",
      mayBreak: "caches",
    });
    expect(day?.items.map(({ experiment, parameters }) => [experiment, parameters])).toEqual([
      ["redis-failover", {}],
      ["etcd-quorum-loss", {}],
      ["redis-split-brain", { duration: "30s" }],
    ]);
  });
  it("say why, with the click: a note, no-go, not ready and skipped", async () => {
    const { id = "" } = (await rig.gameDays.open("C0FORMS")) ?? {};
    const submit = (form: string, given: Record<string, string>, state: string) =>
      rig.dispatcher.submit(form, { values: given, state }, actor);
    await submit("gameday-note", { text: "a note" }, id);
    await submit("gameday-not-ready", { reason: "no coffee" }, id);
    await rig.dispatcher.click("aftershock:gameday-start:0", id, actor);
    await rig.dispatcher.click("aftershock:gameday-next:0", id, actor);
    await submit("gameday-no-go", { reason: "too early" }, `${id}|1`);
    await submit("gameday-skip", { reason: "no time" }, id);
    const day = await rig.gameDays.open("C0FORMS");
    expect(day?.items.map(({ state, reason }) => [state, reason])).toEqual([
      ["no-go", "too early"],
      ["skipped", "no time"],
      ["waiting", null],
    ]);
    expect(day?.notes.map(({ text }) => text)).toEqual(["a note"]);
    expect(day?.people[0]?.readiness).toMatchObject({ kind: "not-ready", reason: "no coffee" });
  });
  it("of a game day that has ended change nothing in the next one", async () => {
    await expect(
      rig.dispatcher.submit("gameday-note", { values: { text: "late" }, state: "gameday-1" }, actor),
    ).rejects.toMatchObject({
      code: "not_pending",
    });
  });
});
