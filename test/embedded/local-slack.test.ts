import { App, LogLevel } from "@slack/bolt";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startLocalSlack, workspace, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { ask, approver, click, requester, untilMessage } from "../../src/embedded/run-drive.ts";
import { makeFolder } from "./support.ts";

const { folder, remove } = makeFolder();
let slack: LocalSlack;
let app: App;

beforeAll(async () => {
  slack = await startLocalSlack(folder);
  app = new App({
    token: workspace.bot.token,
    appToken: workspace.bot.appToken,
    socketMode: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.apiUrl },
  });
  app.command("/chaos", async ({ command, ack, respond, client }) => {
    await ack();
    await respond({ response_type: "ephemeral", text: `you said ${command.text}` });
    await client.chat.postMessage({
      channel: command.channel_id,
      text: "run-1 asked for",
      blocks: [
        {
          type: "actions",
          block_id: "run:run-1",
          elements: [
            {
              type: "button",
              action_id: "aftershock:approve",
              text: { type: "plain_text", text: "Approve" },
              value: "run-1",
            },
          ],
        },
      ],
    });
  });
  app.action("aftershock:approve", async ({ ack, body, action, respond }) => {
    await ack();
    const value = "value" in action ? action.value : "";
    await respond({ replace_original: true, text: `${value} approved by ${body.user.id}` });
  });
  await app.start();
});
afterAll(async () => {
  await app?.stop();
  await slack?.stop();
  remove();
});

it("carries a command and a click to a Bolt app by Socket Mode, and the answers back", async () => {
  const answer = await ask(slack, requester.id, "run redis-split-brain");
  expect(answer.text).toBe("you said run redis-split-brain");
  const card = await untilMessage(slack, (message) => message.text?.startsWith("run-1 ") === true, 5000);
  await click(slack, approver.id, card, "approve");
  const edited = await untilMessage(slack, (message) => message.text?.includes("approved") === true, 5000);
  expect([edited.ts, edited.text]).toEqual([card.ts, `run-1 approved by ${approver.id}`]);
});

it("refuses to click a button that is not there", async () => {
  await expect(click(slack, approver.id, { ts: "1", blocks: [] }, "approve")).rejects.toThrow("no button approve");
});

it("serves a page", async () => {
  const page = await fetch(slack.url);
  expect([page.status, (await page.text()).includes("<html")]).toEqual([200, true]);
});
