import { WebClient } from "@slack/web-api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connectBot, type GateBot } from "../../support/gate-bot.ts";
import { startGateRig, type GateRig } from "../../support/gate-rig.ts";
import { personAt, wordsOf, type Person } from "../../support/modals.ts";

/** Modals and App Home as Slack has them, which local-slack does not: contract tests of the gate, with a bot that is none. */
let rig: GateRig;
let bot: GateBot;
let alice: Person;
let bob: Person;
const lives = 600;
beforeAll(async () => {
  rig = await startGateRig({ rates: { speed: 1000 }, triggerLivesMs: lives });
  bot = await connectBot(rig);
  alice = personAt(rig, "U0ALICE");
  bob = personAt(rig, "U0BOB");
});
afterAll(async () => {
  bot?.close();
  await rig?.stop();
});
afterEach(async () => {
  bot.answer("view_submission", () => undefined);
  for (const person of [alice, bob]) while (person.modal() !== null) await person.close();
});

const plain = (text: string) => ({ type: "plain_text" as const, text });
const option = (value: string) => ({ text: plain(value.toUpperCase()), value });
const textInput = (blockId: string, change: object = {}, element: object = {}) => ({
  type: "input" as const,
  block_id: blockId,
  label: plain(blockId),
  element: { type: "plain_text_input" as const, action_id: `${blockId}-action`, ...element },
  ...change,
});
const choice = (blockId: string, change: object = {}, element: object = {}) => ({
  type: "input" as const,
  block_id: blockId,
  label: plain(blockId),
  element: {
    type: "static_select" as const,
    action_id: `${blockId}-action`,
    options: ["a", "b"].map(option),
    ...element,
  },
  ...change,
});
const button = (id: string) => ({ type: "button" as const, action_id: id, text: plain(id), value: "v" });
const actions = (...elements: Array<ReturnType<typeof button>>) => ({
  type: "actions" as const,
  block_id: "doing",
  elements,
});
const modal = (...blocks: unknown[]) =>
  ({
    type: "modal",
    title: plain("A modal"),
    submit: plain("Go"),
    close: plain("Cancel"),
    callback_id: "ours",
    private_metadata: "kept",
    blocks,
  }) as unknown as Parameters<WebClient["views"]["open"]>[0]["view"];

const open = async (person: Person, ...blocks: unknown[]) => {
  const trigger = await bot.trigger(person.id);
  const { view } = await rig.client.views.open({ trigger_id: trigger, view: modal(...blocks) });
  return { id: view?.id ?? "", hash: view?.hash ?? "" };
};
const refused = (error: string) => expect.objectContaining({ data: expect.objectContaining({ error }) as unknown });
const violationsBy = async (work: () => Promise<unknown>): Promise<string[]> => {
  const before = rig.gate.violations.length;
  await work();
  return rig.gate.violations.slice(before).map(({ error }) => error);
};

describe("a trigger", () => {
  it("opens a modal for the person whose it is, once", async () => {
    const trigger = await bot.trigger("U0ALICE");
    await rig.client.views.open({ trigger_id: trigger, view: modal(textInput("why")) });
    expect(alice.modal()?.title).toBe("A modal");
    expect(bob.modal()).toBeNull();
    await expect(rig.client.views.open({ trigger_id: trigger, view: modal(textInput("why")) })).rejects.toEqual(
      refused("exchanged_trigger_id"),
    );
  });
  it("expires", async () => {
    const late = await bot.trigger("U0ALICE");
    await new Promise((resolve) => setTimeout(resolve, lives + 50));
    await expect(rig.client.views.open({ trigger_id: late, view: modal(textInput("why")) })).rejects.toEqual(
      refused("expired_trigger_id"),
    );
    expect(alice.modal()).toBeNull();
  });
  it("that nobody gave is refused", async () => {
    await expect(rig.client.views.open({ trigger_id: "1.2.3", view: modal(textInput("why")) })).rejects.toEqual(
      refused("invalid_trigger_id"),
    );
  });
});

describe("a modal", () => {
  it("is of one person: two have one each, and each submits their own", async () => {
    const first = await open(alice, textInput("why"));
    const second = await open(bob, textInput("what"));
    await alice.enter("why", "alice's");
    await bob.enter("what", "bob's");
    const told = bot.next("view_submission");
    expect(await alice.submit()).toBe("closed");
    expect(await told).toMatchObject({
      user: { id: "U0ALICE" },
      view: {
        id: first.id,
        private_metadata: "kept",
        state: { values: { why: { "why-action": { value: "alice's" } } } },
      },
    });
    expect(alice.modal()).toBeNull();
    expect(bob.modal()?.id).toBe(second.id);
  });
  it("submitted on local-slack's page by somebody who has none does not reach the bot", async () => {
    await open(alice, textInput("why"));
    const before = bot.told.length;
    await onPage({ t: "view_submit", user: "U0BOB", values: {} });
    const told = bot.next("view_submission");
    await onPage({ t: "view_submit", user: "U0ALICE", values: { why: { "why-action": { value: "typed there" } } } });
    expect(await told).toMatchObject({
      user: { id: "U0ALICE" },
      view: { state: { values: { why: { "why-action": { value: "typed there" } } } } },
    });
    expect(bot.told.slice(before).filter(({ type }) => type === "view_submission")).toHaveLength(1);
  });
  it("tells what was drawn where nothing was entered, and null where it was cleared", async () => {
    await open(
      alice,
      textInput("why", {}, { initial_value: "drawn" }),
      textInput("what", { optional: true }, { initial_value: "drawn" }),
      choice("which", {}, { initial_option: option("b") }),
      choice("other", { optional: true }),
    );
    await alice.enter("what", "");
    const told = bot.next("view_submission");
    await alice.submit();
    expect(((await told)["view"] as { state: unknown }).state).toEqual({
      values: {
        why: { "why-action": { type: "plain_text_input", value: "drawn" } },
        what: { "what-action": { type: "plain_text_input", value: null } },
        which: { "which-action": { type: "static_select", selected_option: option("b") } },
        other: { "other-action": { type: "static_select", selected_option: null } },
      },
    });
  });
  it("with an input that is empty, too short or too long is not submitted by Slack's client", async () => {
    await open(alice, textInput("why"), textInput("what", { optional: true }, { min_length: 3 }));
    await expect(alice.submit()).rejects.toThrow("why is empty");
    await alice.enter("why", "so");
    await alice.enter("what", "no");
    await expect(alice.submit()).rejects.toThrow("what has 2 characters");
    await expect(alice.enter("nothing such", "x")).rejects.toThrow('no "nothing such" among why');
  });
  it("offers its options only", async () => {
    await open(alice, choice("which"));
    await expect(alice.enter("which", "c")).rejects.toThrow('"c" is not among A, B');
    await alice.enter("which", "B");
    expect(alice.modal()?.values).toMatchObject({ which: { "which-action": { selected_option: { value: "b" } } } });
  });
  it("keeps what was typed when it is redrawn with the same ids, and forgets it with others", async () => {
    const { id } = await open(alice, textInput("same"), textInput("other"));
    await alice.enter("same", "typed");
    await alice.enter("other", "typed");
    await rig.client.views.update({ view_id: id, view: modal(textInput("same"), textInput("another")) });
    expect(alice.modal()?.values).toMatchObject({
      same: { "same-action": { value: "typed" } },
      another: { "another-action": { value: null } },
    });
  });
  it("is updated only by who knows its last hash, and only while it is there", async () => {
    const { id, hash } = await open(alice, textInput("why"));
    await rig.client.views.update({ view_id: id, hash, view: modal(textInput("what")) });
    await expect(rig.client.views.update({ view_id: id, hash, view: modal(textInput("late")) })).rejects.toEqual(
      refused("hash_conflict"),
    );
    expect(wordsOf(alice.modal() ?? expect.unreachable())).toContain("what");
    await alice.close();
    await expect(rig.client.views.update({ view_id: id, view: modal(textInput("gone")) })).rejects.toEqual(
      refused("not_found"),
    );
  });
  it("shows errors at its inputs, and takes none for what is no input", async () => {
    await open(alice, textInput("why"), { type: "section", block_id: "words", text: plain("read me") });
    await alice.enter("why", "x");
    bot.answer("view_submission", () => ({ response_action: "errors", errors: { why: "too short" } }));
    expect(await violationsBy(async () => expect(await alice.submit()).toBe("errors"))).toEqual([]);
    expect(alice.modal()?.errors).toEqual({ why: "too short" });
    bot.answer("view_submission", () => ({ response_action: "errors", errors: { words: "no input" } }));
    expect(await violationsBy(async () => expect(await alice.submit()).toBe("no answer"))).toEqual([
      "invalid_response_action",
    ]);
  });
  it("is redrawn, stacked or taken away by the answer to a submission; Slack takes no bad one", async () => {
    await open(alice, textInput("first", { optional: true }));
    bot.answer("view_submission", () => ({
      response_action: "update",
      view: modal(textInput("second", { optional: true })),
    }));
    expect(await alice.submit()).toBe("updated");
    expect(wordsOf(alice.modal() ?? expect.unreachable())).toContain("second");
    bot.answer("view_submission", () => ({
      response_action: "push",
      view: modal(textInput("third", { optional: true })),
    }));
    expect(await alice.submit()).toBe("pushed");
    expect(rig.gate.screens.modals("U0ALICE")).toHaveLength(2);
    bot.answer("view_submission", () => ({
      response_action: "update",
      view: { type: "modal", title: plain("x".repeat(25)), blocks: [] },
    }));
    expect(await violationsBy(async () => expect(await alice.submit()).toBe("no answer"))).toContain(
      "invalid_arguments",
    );
    bot.answer("view_submission", () => undefined);
    expect(await alice.submit()).toBe("closed");
    expect(rig.gate.screens.modals("U0ALICE")).toHaveLength(1);
    bot.answer("view_submission", () => ({ response_action: "clear" }));
    expect(await alice.submit()).toBe("closed");
    expect(alice.modal()).toBeNull();
  });
  it("stays when its submission is not answered in time", async () => {
    await open(alice, textInput("why", { optional: true }));
    bot.answer("view_submission", () => "never");
    expect(await violationsBy(async () => expect(await alice.submit()).toBe("no answer"))).toEqual([
      "operation_timeout",
    ]);
    expect(alice.modal()).not.toBeNull();
  });
  it("stands three high at most", async () => {
    await open(alice, textInput("why"), actions(button("more")));
    const push = async () => {
      const told = bot.next("block_actions");
      await alice.click("more");
      const trigger = String((await told)["trigger_id"]);
      return rig.client.views.push({ trigger_id: trigger, view: modal(textInput("why"), actions(button("more"))) });
    };
    await push();
    await push();
    await expect(push()).rejects.toEqual(refused("push_limit_reached"));
  });
  it("larger than 250 kB, or with an id of another, is refused", async () => {
    const blocks = Array.from({ length: 90 }, (_u, at) => ({
      type: "section",
      block_id: `b${at}`,
      text: { type: "mrkdwn", text: "x".repeat(2990) },
    }));
    await expect(open(alice, ...blocks)).rejects.toEqual(refused("view_too_large"));
    await expect(open(alice, textInput("why"), textInput("why"))).rejects.toEqual(refused("invalid_arguments"));
    await expect(open(alice, choice("which", {}, { initial_option: option("c") }))).rejects.toEqual(
      refused("invalid_arguments"),
    );
    const trigger = await bot.trigger("U0ALICE");
    const view = { ...modal(textInput("why")), external_id: "mine" } as never;
    await rig.client.views.open({ trigger_id: trigger, view });
    await expect(rig.client.views.open({ trigger_id: await bot.trigger("U0BOB"), view })).rejects.toEqual(
      refused("duplicate_external_id"),
    );
  });
});

describe("an input or a button", () => {
  it("in a modal tells the view that it is in, with all that was entered; an input only when it was asked to", async () => {
    const { id } = await open(
      alice,
      textInput("why"),
      choice("quiet"),
      choice("loud", { dispatch_action: true }),
      actions(button("press")),
    );
    await alice.enter("why", "because");
    const before = bot.told.length;
    await alice.enter("quiet", "a");
    expect(bot.told).toHaveLength(before);
    const told = bot.next("block_actions");
    await alice.enter("loud", "b");
    const payload = await told;
    expect(payload).toMatchObject({
      container: { type: "view", view_id: id },
      user: { id: "U0ALICE" },
      view: {
        id,
        hash: expect.any(String) as string,
        state: {
          values: {
            why: { "why-action": { value: "because" } },
            quiet: { "quiet-action": { selected_option: { value: "a" } } },
            loud: { "loud-action": { selected_option: { value: "b" } } },
          },
        },
      },
      actions: [{ type: "static_select", block_id: "loud", action_id: "loud-action", selected_option: option("b") }],
    });
    expect(payload).not.toHaveProperty("channel");
    expect(payload).not.toHaveProperty("message");
    expect(payload).not.toHaveProperty("response_url");
    const pressed = bot.next("block_actions");
    await alice.click("press");
    expect(await pressed).toMatchObject({ actions: [{ type: "button", action_id: "press", value: "v" }] });
  });
  it("in App Home tells App Home, by the gate and by local-slack's page", async () => {
    const opened = bot.next("app_home_opened");
    const home = alice.openHome();
    expect(await opened).toMatchObject({ event: { user: "U0ALICE", tab: "home" } });
    const view = { type: "home" as const, blocks: [actions(button("press"))] };
    await rig.client.views.publish({ user_id: "U0ALICE", view });
    const { id, hash } = await home;
    for (const press of [
      () => alice.click("press"),
      () =>
        onPage({
          t: "block_action",
          channel: "",
          messageTs: "",
          user: "U0ALICE",
          action: { ...button("press"), block_id: "doing" },
        }),
    ]) {
      const told = bot.next("block_actions");
      await press();
      expect(await told).toMatchObject({
        container: { type: "view", view_id: id },
        view: { id, type: "home" },
        actions: [{ action_id: "press", block_id: "doing" }],
      });
    }
    expect(rig.gate.screens.home("U0BOB")).toBeNull();
    await rig.client.views.publish({ user_id: "U0ALICE", hash, view });
    await expect(rig.client.views.publish({ user_id: "U0ALICE", hash, view })).rejects.toEqual(
      refused("hash_conflict"),
    );
  });
});

/** Does something as local-slack's own page does it. */
async function onPage(message: object): Promise<void> {
  const socket = new WebSocket(`${rig.slack.url.replace("http", "ws")}/ui`);
  await new Promise((resolve, reject) => {
    socket.once("message", resolve);
    socket.once("error", reject);
  });
  socket.send(JSON.stringify(message));
  // It answers nothing; it has read what was sent before it lets go.
  await new Promise((resolve) => {
    socket.once("close", resolve);
    socket.close();
  });
}
