import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebClient } from "@slack/web-api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startLocalSlack, workspace, type LocalMessage, type LocalSlack } from "../../src/embedded/local-slack.ts";
import type { DesiredMessage } from "../../src/slack/narrate.ts";
import { startOutbox, type OutboxSender } from "../../src/slack/outbox.ts";
import { wantMessages } from "../../src/slack/store/outbox.ts";
import { createWebPort } from "../../src/slack/web-port.ts";
import { saveArtifact } from "../../src/store/artifacts.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { startSlackGate, type SlackGate } from "../support/slack-gate/gate.ts";
import type { Verdict } from "../support/slack-gate/misbehaviour.ts";
import { hasty, unlimited } from "../support/slack-speed.ts";
import { waitFor } from "../support/stack.ts";

/** The outbox through a real Slack client, over a network that loses answers, to a server that keeps no metadata. */
let db: TestDatabase;
let slack: LocalSlack;
let directory: string;
let gate: SlackGate;
let sender: OutboxSender | undefined;
const chaos = workspace.channel.id;
let otherChannel: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  chmodSync(directory, 0o711);
  [db, slack] = await Promise.all([startTestDatabase(), startLocalSlack(directory)]);
  gate = await startSlackGate({ apiUrl: slack.apiUrl, rates: { speed: 1000 } });
  const made = await new WebClient(workspace.bot.token, { slackApiUrl: slack.apiUrl }).conversations.create({
    name: "calm",
  });
  otherChannel = made.channel?.id ?? "";
});
afterEach(async () => {
  await sender?.stop();
  sender = undefined;
  gate.behave();
});
afterAll(async () => {
  await gate?.stop();
  await slack?.stop();
  await db?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const on = (method: string, verdict: Verdict, when: (form: URLSearchParams) => boolean = () => true, times = 1): void =>
  gate.misbehave({ method, verdict, when, times });
const begin = (editEveryMs = 0): void => {
  sender = startOutbox({
    database: db.database,
    slack: createWebPort(workspace.bot.token, gate.apiUrl),
    editEveryMs,
    rates: unlimited,
    patience: hasty,
    log: () => undefined,
  });
};
const words = (key: string, position: number, text = key): DesiredMessage => ({
  key,
  position,
  inThread: key !== "card",
  payload: { kind: "message", text, blocks: [{ type: "section", text: { type: "mrkdwn", text } }] },
});
const drained = () =>
  waitFor(
    async () =>
      (
        await db.database.query(
          "select 1 from slack_outbox where state <> 'failed' and (state <> 'sent' or version > sent_version)",
        )
      ).rowCount,
    (outstanding) => outstanding === 0,
    15_000,
  );
const said = async (mark: string): Promise<LocalMessage[]> =>
  (await slack.messages()).filter((message) => JSON.stringify(message).includes(mark));

describe("delivery to Slack", () => {
  it("has a control: a plain retry after a lost answer would post twice", async () => {
    on("chat.postMessage", "lose-answer");
    const port = createWebPort(workspace.bot.token, gate.apiUrl);
    const content = { text: "control", blocks: [] };
    expect(await port.post({ channelId: chaos }, content, "m")).toMatchObject({ problem: { kind: "unknown" } });
    await port.post({ channelId: chaos }, content, "m");
    expect(await said("control")).toHaveLength(2);
  });
  it("posts once when the answer is lost, though the wanted text has changed since", async () => {
    const runId = await insertTestRun(db.database, chaos);
    on("chat.postMessage", "lose-answer");
    await wantMessages(db.database, runId, chaos, [words("card", 0, `${runId} waits`)]);
    begin();
    await waitFor(
      async () => gate.calls.filter(({ form }) => form.get("text") === `${runId} waits`).length,
      (n) => n > 0,
      5000,
    );
    await wantMessages(db.database, runId, chaos, [words("card", 0, `${runId} approved`)]);
    await drained();
    expect((await said(runId)).map((message) => message.text)).toEqual([`${runId} approved`]);
  });
  it("does not take a person's copy of its words for its own message", async () => {
    const runId = await insertTestRun(db.database, chaos);
    await fetch(`${slack.url}/_control/message`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ channel: chaos, user: "U0BOB", text: `${runId} copied` }),
    });
    // The answer 429 is Slack's own; here nothing was stored, and the outbox cannot know.
    await db.database.query("select 1");
    await wantMessages(db.database, runId, chaos, [words("card", 0, `${runId} copied`)]);
    await db.database.query("update slack_outbox set state = 'unknown', tried = array[$2] where run_id = $1", [
      runId,
      `${runId} copied`,
    ]);
    begin();
    await drained();
    expect((await said(`${runId} copied`)).map((message) => message.user)).toEqual(["U0BOB", workspace.bot.userId]);
  });
  it("uploads once when the answer is lost, with the words for the picture", async () => {
    const runId = await insertTestRun(db.database, chaos);
    const name = `${runId}-chart.png`;
    await saveArtifact(db.database, runId, { name, contentType: "image/png", bytes: Buffer.from("picture") });
    on("files.completeUploadExternal", "lose-answer");
    await wantMessages(db.database, runId, chaos, [
      words("card", 0, runId),
      {
        key: "files:chart",
        position: 1,
        inThread: true,
        payload: { kind: "files", comment: "chart", files: [{ name, altText: "a line falls" }] },
      },
    ]);
    begin();
    await drained();
    const card = (await said(runId)).find((message) => message.text === runId);
    const uploads = (await slack.messages()).filter((message) => message.files?.some((file) => file.name === name));
    expect(uploads).toHaveLength(1);
    expect(uploads[0]?.thread_ts).toBe(card?.ts);
    expect(gate.calls.filter((call) => call.method === "files.completeUploadExternal").length).toBe(1);
    expect(
      gate.calls.some(({ form }) => form.get("alt_txt") === "a line falls" || form.get("alt_text") === "a line falls"),
    ).toBe(true);
  });
  it("lets a 429 in one channel delay no other", async () => {
    const [limited, free] = [await insertTestRun(db.database, chaos), await insertTestRun(db.database, otherChannel)];
    on("chat.postMessage", { retryAfterS: 3 }, (form) => form.get("channel") === chaos);
    await wantMessages(db.database, limited, chaos, [words("card", 0, limited), words("a", 1, `${limited} a`)]);
    begin();
    await waitFor(
      async () => gate.misbehavioursLeft(),
      (left) => left === 0,
      5000,
    );
    const limitedAt = Date.now();
    await wantMessages(db.database, free, otherChannel, [words("card", 0, free), words("a", 1, `${free} a`)]);
    const order: string[] = [];
    await waitFor(
      async () => {
        const { rows } = await db.database.query<{ run_id: string }>(
          "select distinct run_id from slack_outbox where run_id = any($1) and key = 'a' and state = 'sent'",
          [[limited, free]],
        );
        for (const { run_id: id } of rows) if (!order.includes(id)) order.push(id);
        return order.length;
      },
      (count) => count === 2,
      15_000,
    );
    expect(order).toEqual([free, limited]);
    expect(Date.now() - limitedAt).toBeGreaterThan(2500);
    const early = gate.calls.filter(({ form }) => form.get("text") === limited);
    expect(early).toHaveLength(2);
  });
  it("says it in plain words when Slack refuses the blocks", async () => {
    const answers: unknown[] = [];
    const port = createWebPort(workspace.bot.token, await refusingBlocks(answers));
    expect(await port.post({ channelId: chaos }, { text: "plain", blocks: [{ type: "divider" }] }, "m")).toEqual({
      ok: true,
      ts: "1.1",
    });
    expect(answers).toEqual(['[{"type":"divider"}]', "[]"]);
  });
  it("sends the newest edit after one that Slack refused", async () => {
    const runId = await insertTestRun(db.database, chaos);
    await wantMessages(db.database, runId, chaos, [words("card", 0, `${runId} one`)]);
    begin();
    await drained();
    await db.database.query("update slack_outbox set state = 'failed' where run_id = $1", [runId]);
    await wantMessages(db.database, runId, chaos, [words("card", 0, `${runId} last`)]);
    await drained();
    expect((await said(runId)).map((message) => message.text)).toEqual([`${runId} last`]);
  });
});

const servers: Array<() => void> = [];
afterAll(() => servers.forEach((close) => close()));

/** A Slack that takes no blocks; local-slack takes any. */
async function refusingBlocks(seen: unknown[]): Promise<string> {
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const blocks = new URLSearchParams(body).get("blocks");
      seen.push(blocks);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(blocks === "[]" ? '{"ok":true,"ts":"1.1"}' : '{"ok":false,"error":"invalid_blocks"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/api/`;
}
