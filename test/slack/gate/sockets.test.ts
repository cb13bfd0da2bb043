import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { workspace } from "../../../src/embedded/local-slack.ts";
import { startGateRig, type GateRig } from "../../support/gate-rig.ts";
import type { EnvelopeVerdict } from "../../support/slack-gate/sockets.ts";
import { waitFor } from "../../support/stack.ts";

let rig: GateRig;
beforeAll(async () => {
  rig = await startGateRig();
});
afterAll(() => rig?.stop());

interface Bot {
  /** Text of the commands it got. */
  got: string[];
  responseUrls: string[];
  events: string[];
  close(): void;
}

const bots: Bot[] = [];
afterEach(async () => {
  bots.splice(0).forEach((bot) => bot.close());
  await waitFor(
    async () => rig.gate.sockets.count(),
    (count) => count === 0,
    5000,
  );
});

/** The bot's side of Socket Mode: connects, and acknowledges what it gets. */
async function connect(): Promise<Bot> {
  const { url = "" } = await rig.client.apps.connections.open({ token: workspace.bot.appToken });
  const socket = new WebSocket(url);
  const bot: Bot = { got: [], responseUrls: [], events: [], close: () => socket.close() };
  bots.push(bot);
  socket.on("message", (data) => {
    const envelope = JSON.parse((data as Buffer).toString("utf8")) as {
      type: string;
      envelope_id?: string;
      payload?: { text?: string; response_url?: string };
    };
    bot.events.push(envelope.type);
    if (envelope.envelope_id === undefined) return;
    bot.got.push(envelope.payload?.text ?? "");
    bot.responseUrls.push(envelope.payload?.response_url ?? "");
    socket.send(JSON.stringify({ envelope_id: envelope.envelope_id }));
  });
  await waitFor(
    async () => bot.events.includes("hello"),
    (said) => said,
    5000,
  );
  return bot;
}

const type = (text: string): Promise<void> => rig.slack.command("U0BOB", "/chaos", text);
const until = (look: () => number, count: number) =>
  waitFor(
    async () => look(),
    (have) => have >= count,
    5000,
  );

describe("the gate's sockets", () => {
  it("give each envelope to one connection, in turn", async () => {
    const [a, b] = [await connect(), await connect()];
    for (const text of ["1", "2", "3", "4"]) await type(text);
    await until(() => a.got.length + b.got.length, 4);
    expect([...a.got, ...b.got].toSorted()).toEqual(["1", "2", "3", "4"]);
    expect([a.got.length, b.got.length]).toEqual([2, 2]);
  });
  it("give it to all when asked, which local-slack always does", async () => {
    const [a, b] = [await connect(), await connect()];
    rig.gate.sockets.next("all", "slash_commands");
    await type("both");
    await until(() => a.got.length + b.got.length, 2);
    expect([a.got, b.got]).toEqual([["both"], ["both"]]);
  });
  it("repeat, swap, delay and lose envelopes when asked", async () => {
    const bot = await connect();
    // local-slack waits 5 s for the acknowledgement of what is held back.
    const held: Array<Promise<void>> = [];
    const hold = async (verdict: EnvelopeVerdict, text: string): Promise<void> => {
      rig.gate.sockets.next(verdict);
      held.push(type(text));
      await waitFor(
        async () => rig.gate.sockets.left(),
        (left) => left === 0,
        5000,
      );
    };
    await hold("twice", "again");
    await hold("after-the-next", "second");
    await type("first");
    await hold("lose", "lost");
    await hold({ delayMs: 500 }, "late");
    await type("last");
    await until(() => bot.got.length, 6);
    expect(bot.got).toEqual(["again", "again", "first", "second", "last", "late"]);
    await Promise.all(held);
  });
  it("say disconnect as Slack does, and go on with the next connection", async () => {
    const first = await connect();
    rig.gate.sockets.recycle("disconnect");
    await until(() => first.events.length, 2);
    expect(first.events).toEqual(["hello", "disconnect"]);
    const second = await connect();
    first.close();
    await waitFor(
      async () => rig.gate.sockets.count(),
      (count) => count === 1,
      5000,
    );
    await type("to the second");
    await until(() => second.got.length, 1);
    expect(first.got).toEqual([]);
  });
  it("take five answers for a command, and refuse the sixth", async () => {
    const bot = await connect();
    await type("answer me");
    await until(() => bot.responseUrls.length, 1);
    const answer = async (): Promise<number> =>
      (
        await fetch(bot.responseUrls[0] ?? "", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ response_type: "ephemeral", text: "answer" }),
        })
      ).status;
    for (let time = 1; time <= 5; time += 1) expect(await answer()).toBe(200);
    expect(await answer()).toBe(404);
    expect(rig.gate.violations).toMatchObject([{ method: "response_url", error: "used_url" }]);
    const answers = (await rig.slack.messages()).filter((message) => message.ephemeral_to === "U0BOB");
    expect(answers).toHaveLength(5);
  });
});
