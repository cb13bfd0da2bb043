import { randomUUID } from "node:crypto";
import type { App } from "@slack/bolt";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace, type LocalMessage } from "../../src/embedded/local-slack.ts";
import { parseCommandLine } from "../../src/slack/command-line.ts";
import type { Dispatcher } from "../../src/slack/dispatch.ts";
import { hearMentions } from "../../src/slack/hear/hear-mentions.ts";
import { content, type MessageContent } from "../../src/slack/limits.ts";
import type { ViewPort } from "../../src/slack/view-port.ts";
import { inThread } from "../../src/slack/in-thread.ts";
import { wordsOf } from "../../src/slack/mention.ts";
import { startHomeRig, type HomeRig } from "../support/home-rig.ts";
import { edit, mention, saying, whispered } from "../support/mentions.ts";
import { waitFor } from "../support/stack.ts";

describe("what is said to the bot", () => {
  it.each([
    ["<@U0BOT> stop now", "stop now"],
    ["hey <@U0BOT|aftershock>, stop", "stop"],
    ["<@U0BOT>: note <@U0BOB> saw it", "note <@U0BOB> saw it"],
    ["<@U0BOB> ask <@U0BOT> status", "status"],
    ["<@U0BOT>", ""],
    ["<@U0BOB> only", ""],
  ])("%s", (text, words) => expect(wordsOf(text, "U0BOT")).toBe(words));
  it("stands after any mention where the bot's own id is not known", () => {
    expect(wordsOf("<@U0BOT> stop", undefined)).toBe("stop");
    expect(wordsOf("<@U0BOT> stop", ".*")).toBe("stop");
  });
});

describe("a line in a run's thread", () => {
  it.each([
    ["stop", "stop run-7"],
    ["stop customers see errors", "stop run-7 customers see errors"],
    ["stop 12 customers see errors", "stop run-7 12 customers see errors"],
    ["status 12", "status 12"],
    ["stop run-12 why", "stop run-12 why"],
    ["approve SCHEDULE-3", "approve SCHEDULE-3"],
  ])("%s", (said, meant) => {
    const line = inThread(parseCommandLine(said), "run-7");
    expect([line.verb, ...line.tokens].join(" ")).toBe(meant);
    expect(inThread(parseCommandLine(said), null)).toEqual(parseCommandLine(said));
  });
});

describe("mentions, through Slack's protocol", () => {
  let rig: HomeRig;
  let runId: string;
  let card: LocalMessage;
  const slack = () => rig.gate.slack;
  const alice = { userId: "U0ALICE", teamId: workspace.teamId, channelId: workspace.channel.id };
  const notes = async (): Promise<string[]> =>
    (await rig.dispatch.service.events(runId)).flatMap((event) =>
      event.type === "note" ? [`${event.by}: ${event.text}`] : [],
    );
  const shownTo = async (user: string): Promise<number> =>
    (await slack().messages()).filter((message) => message.ephemeral_to === user).length;
  /** Says it and resolves to the answer. */
  const ask = async (user: string, text: string, threadTs?: string): Promise<LocalMessage> => {
    const before = await shownTo(user);
    await mention(slack(), user, text, threadTs);
    const all = await whispered(slack(), user, before + 1);
    expect(all).toHaveLength(before + 1);
    return all.at(-1) as LocalMessage;
  };

  beforeAll(async () => {
    rig = await startHomeRig();
    await rig.begin();
    runId = (await rig.dispatch.service.request(alice, { experiment: "redis-split-brain", parameters: {} })).id;
    card = await saying(slack(), `· ${runId}`);
    await saying(slack(), "In this thread:");
  });
  afterAll(async () => {
    await rig?.stop();
    expect(rig.gate.gate.violations).toEqual([]);
  });

  it("in a run's thread are about that run, and are answered there to the person only", async () => {
    const answer = await ask("U0BOB", "status", card.ts);
    expect(answer.thread_ts).toBe(card.ts);
    expect(answer.text).toContain(`${runId} `);
    expect(answer.text).toContain("waiting for approval");
  });

  it("write a note that the thread tells", async () => {
    expect((await ask("U0BOB", "note checkout answers 503", card.ts)).text).toContain(`Noted for ${runId}`);
    expect(await notes()).toEqual(["U0BOB: checkout answers 503"]);
    const told = await saying(slack(), ":memo:");
    expect(told.thread_ts).toBe(card.ts);
    expect(told.ephemeral_to).toBeUndefined();
  });

  it("have a button beside them whose form takes a note, and keeps what was typed over a problem", async () => {
    const first = await saying(slack(), `thread:${runId}`);
    const button = { type: "button", action_id: "aftershock:note-run:1", block_id: `thread:${runId}`, value: runId };
    await slack().click("U0ALICE", first.ts, { ...button, action_ts: "7.1" });
    const form = await rig.alice.untilModal();
    expect(form.title).toBe("Note what you see");
    await rig.alice.enter("note-text", "   ");
    await rig.alice.submit();
    await rig.alice.untilModal((view) => JSON.stringify(view.blocks).includes("The note is empty"));
    await rig.alice.enter("note-text", "the dashboard shows nothing");
    await rig.alice.submit();
    await waitFor(notes, (all) => all.includes("U0ALICE: the dashboard shows nothing"), 10_000);
    expect(rig.alice.modal()).toBeNull();
  });

  it("get the same suggestions and the same problems as typed commands", async () => {
    expect((await ask("U0BOB", "stattus", card.ts)).text).toContain("Did you mean /chaos status?");
    expect((await ask("U0ALICE", "approve", card.ts)).text).toContain("You asked for");
    expect((await ask("U0BOB", "findings", card.ts)).text).toContain("has no findings");
  });

  it("open no form, and say what to type", async () => {
    const before = (await slack().views()).modalStack.length;
    const answer = await ask("U0BOB", "run", card.ts);
    expect(answer.text).not.toContain("unforeseen");
    expect((await slack().views()).modalStack.length).toBe(before);
  });

  it("outside of a thread work as the command does, in the channel", async () => {
    const answer = await ask("U0BOB", "");
    expect(answer.thread_ts).toBeUndefined();
    expect(JSON.stringify(answer.blocks)).toContain(runId);
    expect((await ask("U0BOB", "help note")).text).toContain("Write down what you see");
  });

  it("are done once, though two bots hear them and the message is edited", async () => {
    const second = await rig.begin();
    try {
      rig.gate.gate.sockets.next("all", "events_api");
      await ask("U0CAROL", "note once", card.ts);
      expect((await notes()).filter((text) => text.endsWith("once"))).toEqual(["U0CAROL: once"]);
      const said = (await slack().messages()).find((message) => message.text?.endsWith("> note once") === true);
      await edit(slack(), "U0CAROL", said?.ts ?? "", "note twice");
      // Something later has been answered by then.
      await mention(slack(), "U0CAROL", "note later", card.ts);
      await waitFor(notes, (all) => all.includes("U0CAROL: later"), 10_000);
      expect((await notes()).filter((text) => text.includes("twice"))).toEqual([]);
    } finally {
      await second.stop();
    }
  });

  it("stop the run whose thread it is, and the buttons of its thread go", async () => {
    const buttons = async (): Promise<string[]> => {
      const first = (await slack().messages()).find((message) => JSON.stringify(message).includes(`thread:${runId}`));
      return JSON.stringify(first?.blocks ?? []).match(/aftershock:(open|note-run|stop):\d/g) ?? [];
    };
    expect(await buttons()).toEqual(["aftershock:open:0", "aftershock:note-run:1", "aftershock:stop:2"]);
    expect((await ask("U0BOB", "stop customers see errors", card.ts)).text).toContain(`${runId} was stopped`);
    await waitFor(buttons, (all) => all.length === 0, 10_000);
    await saying(slack(), `${runId} has ended.`);
    const events = await rig.dispatch.service.events(runId);
    expect(events.find((event) => event.type === "abort-requested")).toMatchObject({
      by: "U0BOB",
      reason: "customers see errors",
    });
  });

  it.each([
    ["what an edited message says is not done, and that is said", { edited: { ts: "1.2" } }, "new message"],
    ["what a bot says is not heard", { bot_id: "B1" }, null],
    ["what nobody says is not heard", { user: undefined }, null],
    ["a person of another workspace is refused", { user_team: "T0OTHER" }, "Only members"],
    ["a person of no known workspace in a shared channel is refused", { shared: true }, "Only members"],
    ["one of ours in a shared channel is heard", { shared: true, user_team: workspace.teamId }, "done status"],
    ["one of ours is heard", {}, "done status"],
  ])("%s", async (_what, { shared = false, ...change }: Record<string, unknown> & { shared?: boolean }, said) => {
    let deliver: (given: object) => Promise<void> = async () => undefined;
    const app = { event: (_name: string, listener: typeof deliver) => void (deliver = listener) } as unknown as App;
    const told: string[] = [];
    hearMentions(app, {
      dispatcher: { command: async (text: string) => content(`done ${text}`, []) } as unknown as Dispatcher,
      views: {
        whisper: async (_channel: string, _user: string, { text }: MessageContent) => {
          told.push(text);
          return { ok: true, viewId: "" };
        },
      } as unknown as ViewPort,
      messages: { read: async () => null },
      command: "/chaos",
      teamId: workspace.teamId,
      database: rig.database,
      log: pino({ level: "silent" }),
    });
    const key = randomUUID();
    const event = { type: "app_mention", channel: "C1", ts: key, user: "U0BOB", text: "<@U0BOT> status", ...change };
    const body = { event_id: key, team_id: workspace.teamId, is_ext_shared_channel: shared, event };
    await deliver({ body, context: { botUserId: "U0BOT" } });
    expect(told).toEqual(said === null ? [] : [expect.stringContaining(said)]);
  });

  it("of other organisations are refused before anything else", async () => {
    const elsewhere = await startHomeRig();
    try {
      await elsewhere.begin("T0OTHER");
      await mention(elsewhere.gate.slack, "U0BOB", "halt");
      const [answer] = await whispered(elsewhere.gate.slack, "U0BOB");
      expect(answer?.text).toContain("Only members of this workspace");
      expect(await elsewhere.dispatch.halts.current()).toBeNull();
    } finally {
      await elsewhere.stop();
    }
  });
});
