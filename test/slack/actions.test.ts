import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../../src/run/service.ts";
import type { MessageContent } from "../../src/slack/limits.ts";
import type { ModalView } from "../../src/slack/modal.ts";
import type { OpenForm, Surfaces } from "../../src/slack/surfaces.ts";
import { renderCard } from "../../src/slack/views/card.ts";
import { inTransaction } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/events.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { samples } from "./property/samples.ts";

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
});
afterAll(() => db?.stop());

/** Each test has a channel of its own. Alice and Bob may approve; Eve and Mallory may not. */
const actor = (userId: string, channelId: string): Actor => ({ userId, teamId: "T1", channelId });
const words = (reply: MessageContent | void): string => JSON.stringify(reply ?? null);
const say = async (text: string, who: Actor): Promise<string> => words(await rig.dispatcher.command(text, who));
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const idIn = (said: string): string => /action-\d+/.exec(said)?.[0] ?? "none";

/** Keeps the forms that are opened and drawn anew. */
function surfaces(): Surfaces & { shown: ModalView[] } {
  const shown: ModalView[] = [];
  const form: OpenForm = { redraw: async (view) => show(view) };
  const show = async (view: ModalView): Promise<OpenForm> => {
    shown.push(view);
    return form;
  };
  return { shown, openModal: show, updateModal: show };
}

async function judgedRun(channelId: string): Promise<string> {
  const id = await insertTestRun(db.database, channelId);
  const { report } = samples;
  await inTransaction(db.database, (client) =>
    appendEvents(client, id, [{ type: "judged", report: { ...report, run: { ...report.run, id } }, artifacts: [] }]),
  );
  return id;
}

describe("/chaos actions", () => {
  it("says how to add one where none is open", async () => {
    expect(await say("actions", actor("U0EVE", "C-NONE"))).toMatch(/No action is open in this channel.*action-add/);
  });
  it("lists those of this channel with whose, until when and of which run; each with buttons", async () => {
    const eve = actor("U0EVE", "C-LIST");
    const run = await judgedRun("C-LIST");
    const added = await say(`actions add ${run} "Set min-replicas" owner=<@U0BOB|bob> due=${day(20)}`, eve);
    expect(added).toContain("<@U0BOB>'s, who gets a message");
    await say("actions add Write it down", eve);
    const list = await say("actions", actor("U0MALLORY", "C-LIST"));
    expect(list).toContain("2 actions are open in this channel");
    expect(list).toContain(`Set min-replicas\\n<@U0BOB> · due ${day(20)} · ${run} redis-split-brain`);
    expect(list).toContain("Write it down\\n<@U0EVE> · no due day");
    expect(list.match(/action-done/g)).toHaveLength(2);
    expect(await say("actions", actor("U0EVE", "C-OTHER"))).toContain("No action is open");
    expect(await say("actions all", actor("U0EVE", "C-OTHER"))).toContain("Set min-replicas");
  });
  it("marks what is overdue", async () => {
    const eve = actor("U0EVE", "C-LATE");
    const id = idIn(await say(`actions add Late due=${day(3)}`, eve));
    expect(await say("actions", eve)).not.toContain("overdue");
    await db.database.query("update actions set due_on = $2 where id = $1", [id, day(-5)]);
    expect(await say("actions", eve)).toMatch(/1 action is open in this channel, 1 overdue.*overdue for \d days/);
  });
  it("is listed where the run was asked for, wherever it was added", async () => {
    const run = await judgedRun("C-RUN");
    await say(`actions add ${run} "From elsewhere"`, actor("U0EVE", "C-ELSE"));
    expect(await say("actions", actor("U0EVE", "C-RUN"))).toContain("From elsewhere");
  });
  it.each([
    ["actions add run-99999 Do it", "unknown_run"],
    ["actions add Do it owner=bob", "bad_parameter"],
    ["actions add Do it due=soon", "bad_parameter"],
    ["actions done", "bad_command"],
    ["actions done 99999", "unknown_action"],
    ["actions dnoe 3", "bad_command"],
    ["actions colour=red", "bad_parameter"],
  ])("refuses %s", async (text, code) => {
    await expect(rig.dispatcher.command(text, actor("U0EVE", "C-BAD"))).rejects.toMatchObject({ code });
  });
});

describe("an action", () => {
  it("is done by its owner or who added it, or who may approve such runs, and by nobody else", async () => {
    const eve = actor("U0EVE", "C-MAY");
    const add = async (): Promise<string> => idIn(await say("actions add Do it owner=U0OWNER", eve));
    for (const who of ["U0EVE", "U0OWNER", "U0BOB"]) {
      const id = await add();
      await expect(rig.dispatcher.click("action-done", id, actor("U0MALLORY", "C-MAY"))).rejects.toMatchObject({
        code: "not_allowed",
        hint: expect.stringMatching(/<@U0OWNER>, <@U0EVE> or by .*<@U0BOB>/),
      });
      expect(words(await rig.dispatcher.click("action-done", id, actor(who, "C-MAY")))).toContain(`${id} is done`);
    }
    expect(await say("actions", eve)).toContain("No action is open");
  });
  it("is done once, with why, and shows what happened to it", async () => {
    const eve = actor("U0EVE", "C-ONCE");
    const id = idIn(await say("actions add Do it", eve));
    await say(`actions done ${id} deployed on Monday`, eve);
    await expect(rig.dispatcher.click("action-done", id, eve)).rejects.toMatchObject({ code: "not_pending" });
    const shown = await say(`actions ${id.replace("action-", "A-")}`, eve);
    expect(shown).toMatch(/added by <@U0EVE> for <@U0EVE>.*done by <@U0EVE>: deployed on Monday/);
  });
  it("is dropped only with a reason", async () => {
    const eve = actor("U0EVE", "C-DROP");
    const id = idIn(await say("actions add Do it", eve));
    await expect(rig.dispatcher.command(`actions drop ${id}`, eve)).rejects.toMatchObject({ code: "bad_command" });
    expect(await say(`actions drop ${id} why="we accept it"`, eve)).toContain(`${id} is dropped`);
  });
  it("is changed by text; what did not change is no event", async () => {
    const eve = actor("U0EVE", "C-EDIT");
    const id = idIn(await say("actions add Do it", eve));
    const said = await say(`actions edit ${id} owner=<@U0CAROL> due=${day(9)} title="Do it well"`, eve);
    expect(said).toContain(`Do it well\\n<@U0CAROL> · due ${day(9)}`);
    await say(`actions edit ${id} owner=U0CAROL`, eve);
    expect((await rig.actions.find(id)).events.map(({ type }) => type)).toEqual(["added", "changed"]);
  });
});

describe("the forms", () => {
  it("open with the first finding's advice, follow another choice, and add what was submitted", async () => {
    const eve = actor("U0EVE", "C-FORM");
    const run = await judgedRun("C-FORM");
    const [first, second] = samples.report.findings;
    const screen = surfaces();
    await rig.dispatcher.click("action-add", run, eve, screen);
    const opened = JSON.stringify(screen.shown[0]);
    expect(opened).toContain(JSON.stringify(first?.title.slice(0, 40)).slice(1, -1));
    expect(screen.shown[0]).toMatchObject({ callback: "add-action", state: run });
    await rig.dispatcher.change(
      "action-finding",
      "1",
      { values: { "action-finding": "1", "action-title": "My own words", "action-owner": "U0BOB" }, state: run },
      eve,
      screen,
    );
    expect(JSON.stringify(screen.shown[1])).toContain("My own words");
    const values = {
      "action-finding": "1",
      "action-title": "My own words",
      "action-owner": "U0BOB",
      "action-due": day(9),
    };
    const answer = await rig.dispatcher.submit("add-action", { values, state: run }, eve);
    expect(answer).toMatchObject({ kind: "close" });
    const { actions } = await rig.actions.open({ channelId: "C-FORM" }, 10);
    expect(actions).toMatchObject([
      {
        title: "My own words",
        owner: "U0BOB",
        dueOn: day(9),
        runId: run,
        finding: { id: second?.id, title: second?.title },
        createdBy: "U0EVE",
      },
    ]);
  });
  it("edit an action that there is", async () => {
    const eve = actor("U0EVE", "C-FORM2");
    const id = idIn(await say(`actions add Do it due=${day(9)}`, eve));
    const screen = surfaces();
    await rig.dispatcher.click("action-edit", id, eve, screen);
    expect(screen.shown[0]).toMatchObject({ callback: "edit-action", state: id });
    const values = { "action-title": "Do it", "action-owner": "U0BOB", "action-due": null };
    await rig.dispatcher.submit("edit-action", { values, state: id }, eve);
    expect((await rig.actions.find(id)).action).toMatchObject({ owner: "U0BOB", dueOn: null });
  });
  it("are opened by text without a title, and from the findings", async () => {
    const eve = actor("U0EVE", "C-FORM3");
    const run = await judgedRun("C-FORM3");
    const screen = surfaces();
    await rig.dispatcher.command(`actions add ${run}`, eve, screen);
    expect(screen.shown[0]).toMatchObject({ callback: "add-action", state: run });
    expect(await say(`findings ${run}`, eve)).toContain(`"value":"${run}"`);
  });
});

describe("what is open from earlier runs", () => {
  it("stands on the approver's card and in /chaos show while it is open", async () => {
    const alice = actor("U0ALICE", "C-CARD");
    const experiment = "redis-failover";
    const card = async (id: string): Promise<string> =>
      words(renderCard(await rig.service.find("C-CARD", id), await rig.service.events(id)));
    const ask = async (): Promise<string> => (await rig.service.request(alice, { experiment, parameters: {} })).id;
    const first = await ask();
    expect(await card(first)).not.toContain("Still open");
    const id = idIn(await say(`actions add ${first} "Raise the quorum"`, alice));
    expect(await say(`show ${experiment}`, alice)).toContain(`${id} Raise the quorum`);
    await rig.service.deny(alice, first);
    const second = await ask();
    expect(await card(second)).toContain(`Still open from earlier runs*\\n• ${id} Raise the quorum (${first})`);
    await rig.service.deny(alice, second);
    await say(`actions done ${id}`, alice);
    expect(await card(await ask())).not.toContain("Still open");
    expect(await say(`show ${experiment}`, alice)).not.toContain("Raise the quorum");
  });
  it("is in the App Home: one's own with buttons, the others counted", async () => {
    const eve = actor("U0HOMER", "C-HOME");
    const id = idIn(await say("actions add Mine to do", eve));
    const home = JSON.stringify(await rig.dispatcher.appHome(actor("U0HOMER", "")));
    expect(home).toContain("*Open actions*");
    expect(home).toContain(`*${id}* Mine to do`);
    expect(JSON.stringify(await rig.dispatcher.appHome(actor("U0NOBODY", "")))).toContain("None of them is yours");
  });
});
