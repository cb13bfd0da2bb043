import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../../src/embedded/local-slack.ts";
import { refuseUnexpected } from "../../support/slack-gate/expectations.ts";
import { connectBot, type GateBot } from "../../support/gate-bot.ts";
import { startGateRig, type GateRig } from "../../support/gate-rig.ts";

/** Each limit of Slack's: just inside passes to local-slack, which takes anything; just outside has Slack's own error. */
let rig: GateRig;
let bot: GateBot;
beforeAll(async () => {
  rig = await startGateRig({ rates: { speed: 1000 } });
  bot = await connectBot(rig);
});
afterAll(async () => {
  bot?.close();
  await rig?.stop();
});

type Arguments = Record<string, unknown>;
const channel = workspace.channel.id;
const x = (length: number): string => "x".repeat(length);
const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_u, at) => make(at));
const plain = (text: string) => ({ type: "plain_text", text });
const mrkdwn = (text: string) => ({ type: "mrkdwn", text });
const section = (text: string) => ({ type: "section", text: mrkdwn(text) });
const button = (change: Arguments = {}) => ({ type: "button", text: plain("b"), action_id: "a", ...change });
const actions = (elements: unknown[]) => ({ type: "actions", elements });
const input = { type: "input", label: plain("l"), element: { type: "plain_text_input", action_id: "i" } };
const option = (at: number) => ({ text: plain(`o${at}`), value: `v${at}` });
const select = (count: number) => ({ type: "static_select", action_id: "s", options: many(count, option) });
const post = (change: Arguments): [string, Arguments] => ["chat.postMessage", { channel, text: "t", ...change }];
const blocks = (...list: unknown[]) => post({ blocks: list });
const marked = (metadata: unknown) => post({ metadata });
const modal = (change: Arguments): [string, Arguments] => [
  "views.open",
  { view: { type: "modal", title: plain("t"), blocks: [section("s")], ...change } },
];

const table: Array<[what: string, error: string, inside: [string, Arguments], outside: [string, Arguments]]> = [
  ["no text", "no_text", post({ text: "t" }), post({ text: "" })],
  ["text of a post", "msg_too_long", post({ text: x(40_000) }), post({ text: x(40_001) })],
  ["blocks", "msg_blocks_too_many", blocks(...many(50, () => section("s"))), blocks(...many(51, () => section("s")))],
  [
    "text in all blocks",
    "msg_blocks_too_long",
    blocks(...many(13, () => section(x(1000)))),
    blocks(...many(13, () => section(x(1001)))),
  ],
  ["section text", "invalid_blocks", blocks(section(x(3000))), blocks(section(x(3001)))],
  ["empty section text", "invalid_blocks", blocks(section("s")), blocks(section(""))],
  ["section without text", "invalid_blocks", blocks({ type: "divider" }), blocks({ type: "section" })],
  [
    "fields",
    "invalid_blocks",
    blocks({ type: "section", fields: many(10, () => mrkdwn("f")) }),
    blocks({ type: "section", fields: many(11, () => mrkdwn("f")) }),
  ],
  [
    "field text",
    "invalid_blocks",
    blocks({ type: "section", fields: [mrkdwn(x(2000))] }),
    blocks({ type: "section", fields: [mrkdwn(x(2001))] }),
  ],
  [
    "header text",
    "invalid_blocks",
    blocks({ type: "header", text: plain(x(150)) }),
    blocks({ type: "header", text: plain(x(151)) }),
  ],
  [
    "mrkdwn in a header",
    "invalid_blocks",
    blocks({ type: "header", text: plain("h") }),
    blocks({ type: "header", text: mrkdwn("h") }),
  ],
  [
    "context elements",
    "invalid_blocks",
    blocks({ type: "context", elements: many(10, () => mrkdwn("c")) }),
    blocks({ type: "context", elements: many(11, () => mrkdwn("c")) }),
  ],
  [
    "action elements",
    "invalid_blocks",
    blocks(actions(many(25, (at) => button({ action_id: `a${at}` })))),
    blocks(actions(many(26, (at) => button({ action_id: `a${at}` })))),
  ],
  [
    "one action id twice",
    "invalid_blocks",
    blocks(actions([button(), button({ action_id: "b" })])),
    blocks(actions([button(), button()])),
  ],
  [
    "button text",
    "invalid_blocks",
    blocks(actions([button({ text: plain(x(75)) })])),
    blocks(actions([button({ text: plain(x(76)) })])),
  ],
  [
    "button value",
    "invalid_blocks",
    blocks(actions([button({ value: x(2000) })])),
    blocks(actions([button({ value: x(2001) })])),
  ],
  [
    "action id",
    "invalid_blocks",
    blocks(actions([button({ action_id: x(255) })])),
    blocks(actions([button({ action_id: x(256) })])),
  ],
  [
    "button style",
    "invalid_blocks",
    blocks(actions([button({ style: "danger" })])),
    blocks(actions([button({ style: "default" })])),
  ],
  [
    "confirm text",
    "invalid_blocks",
    blocks(actions([button({ confirm: confirm(300, 100) })])),
    blocks(actions([button({ confirm: confirm(301, 100) })])),
  ],
  [
    "confirm title",
    "invalid_blocks",
    blocks(actions([button({ confirm: confirm(300, 100) })])),
    blocks(actions([button({ confirm: confirm(300, 101) })])),
  ],
  ["options", "invalid_blocks", blocks(actions([select(100)])), blocks(actions([select(101)]))],
  [
    "overflow options",
    "invalid_blocks",
    blocks(actions([{ type: "overflow", options: many(5, option) }])),
    blocks(actions([{ type: "overflow", options: many(6, option) }])),
  ],
  [
    "block id",
    "invalid_blocks",
    blocks({ ...section("s"), block_id: x(255) }),
    blocks({ ...section("s"), block_id: x(256) }),
  ],
  [
    "one block id twice",
    "invalid_blocks",
    blocks({ ...section("s"), block_id: "1" }, { ...section("s"), block_id: "2" }),
    blocks({ ...section("s"), block_id: "1" }, { ...section("s"), block_id: "1" }),
  ],
  ["an unknown block", "invalid_blocks", blocks({ type: "divider" }), blocks({ type: "divide" })],
  ["an unknown property", "invalid_blocks", blocks(section("s")), blocks({ ...section("s"), colour: "red" })],
  [
    "alt text",
    "invalid_blocks",
    blocks({ type: "image", image_url: "https://example.com/a.png", alt_text: x(2000) }),
    blocks({ type: "image", image_url: "https://example.com/a.png", alt_text: x(2001) }),
  ],
  [
    "attachments",
    "too_many_attachments",
    post({ attachments: many(100, () => ({ text: "a" })) }),
    post({ attachments: many(101, () => ({ text: "a" })) }),
  ],
  [
    "metadata's size",
    "metadata_too_large",
    marked({ event_type: "e", event_payload: { key: x(15_900) } }),
    marked({ event_type: "e", event_payload: { key: x(16_000) } }),
  ],
  [
    "metadata's shape",
    "invalid_metadata_schema",
    marked({ event_type: "e", event_payload: { key: { a: 1 } } }),
    marked({ event_type: "e", event_payload: { key: { a: { b: 1 } } } }),
  ],
  ["a modal's title", "invalid_arguments", modal({ title: plain(x(24)) }), modal({ title: plain(x(25)) })],
  [
    "a modal's blocks",
    "invalid_arguments",
    modal({ blocks: many(100, () => section("s")) }),
    modal({ blocks: many(101, () => section("s")) }),
  ],
  [
    "a modal's private metadata",
    "invalid_arguments",
    modal({ private_metadata: x(3000) }),
    modal({ private_metadata: x(3001) }),
  ],
  ["a modal's callback id", "invalid_arguments", modal({ callback_id: x(255) }), modal({ callback_id: x(256) })],
  [
    "a view's size",
    "view_too_large",
    modal({ blocks: many(80, () => section(x(3000))) }),
    modal({ blocks: many(85, () => section(x(3000))) }),
  ],
  [
    "an input without submit",
    "invalid_arguments",
    modal({ submit: plain("Go"), blocks: [input] }),
    modal({ blocks: [input] }),
  ],
];

function confirm(text: number, title: number): Arguments {
  return { title: plain(x(title)), text: plain(x(text)), confirm: plain("Yes"), deny: plain("No") };
}

const call = async ([method, body]: [string, Arguments]): Promise<{ ok: boolean; error?: string }> => {
  const trigger = method === "views.open" ? { trigger_id: await bot.trigger("U0BOB") } : {};
  const answer = await fetch(`${rig.gate.apiUrl}${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${workspace.bot.token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...body, ...trigger }),
  });
  return (await answer.json()) as { ok: boolean; error?: string };
};

describe("the gate's limits", () => {
  it.each(table)("%s: %s", async (_what, error, inside, outside) => {
    const before = rig.gate.violations.length;
    expect(await call(inside)).toMatchObject({ ok: true });
    expect(rig.gate.violations).toHaveLength(before);
    expect(await call(outside)).toMatchObject({ ok: false, error });
    expect(rig.gate.violations.slice(before).map((violation) => violation.error)).toContain(error);
  });
  it("text of an update: msg_too_long", async () => {
    const { ts = "" } = await rig.client.chat.postMessage({ channel, text: "t" });
    expect(await call(["chat.update", { channel, ts, text: x(4000) }])).toMatchObject({ ok: true });
    expect(await call(["chat.update", { channel, ts, text: x(4001) }])).toMatchObject({ error: "msg_too_long" });
  });
  it("fail the test file that met one without meaning to", async () => {
    const before = rig.gate.violations.length;
    expect(() => refuseUnexpected(rig.gate.violations.slice(before))).not.toThrow();
    await call(blocks(section("")));
    const met = rig.gate.violations.slice(before);
    expect(() => refuseUnexpected(met)).toThrow("Slack would have refused");
    expect(() => refuseUnexpected(met, ({ error }) => error === "no_text")).toThrow("invalid_blocks");
    expect(() => refuseUnexpected(met, ({ error }) => error === "invalid_blocks")).not.toThrow();
  });
  it("a method that nobody has: unknown_method", async () => {
    expect(await call(["chat.shout", {}])).toMatchObject({ ok: false, error: "unknown_method" });
    expect(rig.gate.violations.at(-1)).toMatchObject({ method: "chat.shout", error: "unknown_method" });
  });
  it.each([
    ["a whole channel called", "all: <!here>", "fault_broadcast", "all: &lt;!here&gt;"],
    ["a link made of words", "<javascript:x|run-1>", "fault_raw_brackets", "<https://example.com/a>"],
    ["half an entity", "a &am", "fault_raw_entity", "a &amp;"],
    ["half a character", "a \ud83d", "fault_half_character", "a \ud83d\ude00"],
    ["an open code fence", "```a", "fault_open_fence", "```a```"],
    ["characters that turn the line", "a \u202eb", "fault_control_character", "a \u05d0"],
  ])("notes %s, and passes it on as Slack does", async (_what, bad, error, good) => {
    const before = rig.gate.violations.length;
    expect(await call(post({ text: good }))).toMatchObject({ ok: true });
    expect(rig.gate.violations).toHaveLength(before);
    expect(await call(post({ text: bad }))).toMatchObject({ ok: true });
    expect(await call(blocks(section(bad)))).toMatchObject({ ok: true });
    // Half a character does not survive a form's text; in the JSON of blocks it does.
    expect(new Set(rig.gate.violations.slice(before).map((violation) => violation.error))).toEqual(new Set([error]));
  });
});
