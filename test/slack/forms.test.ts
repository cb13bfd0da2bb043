import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KnownBlock } from "@slack/types";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { startLocalSlack, workspace, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { AftershockError } from "../../src/errors.ts";
import { startSlack, type RunningSlack } from "../../src/slack/app.ts";
import { content, section } from "../../src/slack/limits.ts";
import { readMetadata, slackModal, type ModalAnswer, type ModalView, type OpenModal } from "../../src/slack/modal.ts";
import type { Verb } from "../../src/slack/verb.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig } from "../support/dispatch-rig.ts";
import { form, signedSlack, type SignedSlack } from "../support/signed-slack.ts";
import { waitFor } from "../support/stack.ts";

/** A verb of the test, through the real listeners: Slack's protocol is signed HTTP, its API local-slack. */
const question: KnownBlock = {
  type: "input",
  block_id: "why",
  label: { type: "plain_text", text: "Why?" },
  element: { type: "plain_text_input", action_id: "aftershock:reason" },
};
const asking: ModalView = { callback: "ask", title: "Ask", submit: "Send", blocks: [question], state: "run-7" };

let directory: string;
let db: TestDatabase;
let local: LocalSlack;
let slack: SignedSlack;
let bot: RunningSlack;
let answer: (submitted: OpenModal) => Promise<ModalAnswer>;
const submitted: Array<OpenModal & { channelId: string; userId: string }> = [];
const verb: Verb = {
  name: "ask",
  usage: "",
  summary: "Opens a form",
  examples: ["ask"],
  run: async (_line, { surfaces }) => {
    await surfaces.openModal(asking);
    return content("opened", [section("opened")]);
  },
  modals: {
    ask: async (modal, { actor }) => {
      submitted.push({ ...modal, channelId: actor.channelId, userId: actor.userId });
      return answer(modal);
    },
  },
  appHome: async ({ actor }) => [section(`Home of ${actor.userId}`)],
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  chmodSync(directory, 0o711);
  [db, local] = await Promise.all([startTestDatabase(), startLocalSlack(directory)]);
  const rig = await dispatchRig(db.database, workspace.teamId);
  const port = await freePort();
  bot = await startSlack({
    config: { mode: "http", port, apiUrl: local.apiUrl, command: "/chaos", editEvery: 200 },
    secrets: {
      databaseUrl: "",
      redisUrl: "",
      slackBotToken: workspace.bot.token,
      slackSigningSecret: workspace.bot.signingSecret,
    },
    ...rig,
    teamId: workspace.teamId,
    database: db.database,
    log: pino({ level: "silent" }),
    verbs: [verb],
  });
  slack = await signedSlack(port);
});
afterAll(async () => {
  await bot?.stop();
  await slack?.stop();
  await local?.stop();
  await db?.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  submitted.length = 0;
  answer = async () => ({ kind: "close" });
});

let trigger = 0;
/** Submits the form as Slack does; resolves to Slack's instruction, null to close it. */
async function submit(reason: string, change: Record<string, unknown> = {}, user = "U0ALICE"): Promise<unknown> {
  trigger += 1;
  const payload = {
    type: "view_submission",
    team: { id: workspace.teamId },
    user: { id: user, team_id: workspace.teamId },
    trigger_id: `form.${trigger}`,
    view: {
      id: "V1",
      hash: "1.a",
      type: "modal",
      callback_id: "aftershock:ask",
      title: { type: "plain_text", text: "Ask" },
      blocks: [question],
      private_metadata: JSON.stringify({ channelId: "C0CHAOS", state: "run-7" }),
      state: { values: { why: { "aftershock:reason": { type: "plain_text_input", value: reason } } } },
    },
    ...change,
  };
  const { status, body } = await slack.ask({ body: form({ payload: JSON.stringify(payload) }) });
  expect(status).toBe(200);
  return body === "" ? null : JSON.parse(body);
}

describe("a form", () => {
  it("carries the channel and the verb's state, within Slack's limits", () => {
    const view = slackModal({ ...asking, title: "A title that is longer than Slack shows" }, { channelId: "C0CHAOS" });
    expect(view).toMatchObject({ callback_id: "aftershock:ask", blocks: [question] });
    expect(view.title.text.length).toBeLessThanOrEqual(24);
    expect(readMetadata(view.private_metadata ?? "")).toEqual({ channelId: "C0CHAOS", state: "run-7" });
    expect(readMetadata("{")).toBeNull();
  });

  it("says so when Slack does not open it: here the permission is one that Slack never gave", async () => {
    await slack.command("U0ALICE", "ask");
    const answers = await waitFor(
      async () => slack.answers(),
      (all) => all.length > 0,
      10_000,
    );
    expect(answers[0]).toContain("did not open the form in time");
  });

  it("gives its handler what was typed, who typed it and where the form was opened", async () => {
    expect(await submit("because")).toBeNull();
    expect(submitted).toEqual([
      { values: { reason: "because" }, state: "run-7", channelId: "C0CHAOS", userId: "U0ALICE" },
    ]);
  });

  it("is handled once, however often it is delivered", async () => {
    await submit("once", { trigger_id: "form.same" });
    await submit("once", { trigger_id: "form.same" });
    expect(submitted).toHaveLength(1);
  });

  it("shows a problem at its input", async () => {
    answer = async () => ({ kind: "errors", errors: { why: "Say more." } });
    expect(await submit("x")).toEqual({ response_action: "errors", errors: { why: "Say more." } });
  });

  it("stays open with the problem on top, the inputs and their block ids kept", async () => {
    answer = async () => {
      throw new AftershockError("not_allowed", "You may not.", "Ask somebody who may.");
    };
    const shown = await submit("x");
    expect(shown).toMatchObject({
      response_action: "update",
      view: { blocks: [{ block_id: "aftershock-problem" }, { block_id: "why" }], callback_id: "aftershock:ask" },
    });
    expect(JSON.stringify(shown)).toContain("You may not.");
  });

  it("names no stack for an unforeseen error", async () => {
    answer = async () => {
      throw new TypeError("undefined is not a function");
    };
    const shown = JSON.stringify(await submit("x"));
    expect(shown).toContain("The operator finds it in the log as");
    expect(shown).not.toContain("not a function");
  });

  it("says that it works when the answer takes longer than Slack waits", async () => {
    let finish: (answer: ModalAnswer) => void = () => undefined;
    answer = () => new Promise((resolve) => (finish = resolve));
    expect(JSON.stringify(await submit("slow"))).toContain("Working…");
    finish({ kind: "close" });
  });

  it("is refused to people of another organisation, before its handler", async () => {
    const shown = await submit("x", { user: { id: "U0ALICE", team_id: "T0OTHER" } });
    expect(shown).toMatchObject({ response_action: "update" });
    expect(submitted).toEqual([]);
  });
});

describe("the App Home", () => {
  it("is drawn when it is opened", async () => {
    const body = JSON.stringify({
      type: "event_callback",
      team_id: workspace.teamId,
      event_id: "Ev1",
      event: { type: "app_home_opened", user: "U0ALICE", tab: "home", channel: "D1" },
    });
    await slack.send({ body, contentType: "application/json" });
    const homes = await waitFor(
      async () => JSON.stringify((await local.views()).homeViews),
      (all) => all.includes("Home of"),
      10_000,
    );
    expect(homes).toContain("Home of U0ALICE");
  });
});
