import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebClient } from "@slack/web-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLocalSlack, workspace, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { content, section } from "../../src/slack/limits.ts";
import type { SlackPort } from "../../src/slack/port.ts";
import { createWebPort } from "../../src/slack/web-port.ts";

let directory: string;
let slack: LocalSlack;
let port: SlackPort;
let client: WebClient;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  chmodSync(directory, 0o711);
  slack = await startLocalSlack(directory);
  port = createWebPort(workspace.bot.token, slack.apiUrl);
  client = new WebClient(workspace.bot.token, { slackApiUrl: slack.apiUrl });
});
afterAll(async () => {
  await slack?.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe("a message to a person", () => {
  it("goes to the conversation with them, is edited and found there, and is in no channel", async () => {
    const said = content("yours to do", [section("yours to do")]);
    const posted = await port.post({ channelId: "U0BOB" }, said, "action-1/assigned:1");
    if (!posted.ok || posted.ts === null) throw new Error(JSON.stringify(posted));
    const done = content("it is done", [section("it is done")]);
    expect(await port.update("U0BOB", posted.ts, done, "action-1/assigned:1")).toMatchObject({ ok: true });
    const { channel } = await client.conversations.open({ users: "U0BOB" });
    const { messages } = await client.conversations.history({ channel: channel?.id ?? "" });
    expect(messages?.map(({ text }) => text)).toEqual(["it is done"]);
    const look = { marker: "none", texts: ["it is done"], fileNames: [], known: [] };
    expect(await port.find({ channelId: "U0BOB" }, look)).toEqual({ ok: true, ts: posted.ts });
    expect(JSON.stringify(await slack.messages())).not.toContain("it is done");
  });
});
