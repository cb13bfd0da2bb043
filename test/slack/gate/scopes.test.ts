import { afterAll, beforeAll, expect, it } from "vitest";
import { createMessageReader } from "../../../src/slack/message-reader.ts";
import { createWebPort } from "../../../src/slack/web-port.ts";
import { workspace } from "../../../src/embedded/local-slack.ts";
import { startGateRig, type GateRig } from "../../support/gate-rig.ts";
import { manifestScopes } from "../../support/slack-gate/scopes.ts";

const { id: channelId } = workspace.channel;
const lacking = ["pins:write", "channels:history"];
let rig: GateRig;
beforeAll(async () => {
  rig = await startGateRig({ scopes: manifestScopes().filter((scope) => !lacking.includes(scope)) });
});
afterAll(() => rig?.stop());

it("a call whose scope the token lacks is refused, and counted against the bot", async () => {
  const port = createWebPort(workspace.bot.token, rig.gate.apiUrl);
  const posted = await port.post({ channelId }, { text: "a", blocks: [] }, "run-1/card");
  if (!posted.ok || posted.ts === null) throw new Error(JSON.stringify(posted));
  expect(await port.pin(channelId, posted.ts)).toMatchObject({ problem: { kind: "refused", error: "missing_scope" } });
  expect(await createMessageReader(workspace.bot.token, rig.gate.apiUrl).read(channelId, posted.ts)).toBeNull();
  expect(rig.gate.violations.map(({ method, error, detail }) => `${method} ${error} ${detail}`)).toEqual([
    "pins.add missing_scope pins:write",
    "conversations.history missing_scope channels:history",
    "conversations.replies missing_scope channels:history",
  ]);
});

it("every answer names the scopes of the token", async () => {
  const { response_metadata: told } = await rig.client.auth.test();
  expect(told?.scopes).toEqual(manifestScopes().filter((scope) => !lacking.includes(scope)));
});
