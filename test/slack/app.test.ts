import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { workspace, type LocalMessage, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { AftershockError } from "../../src/errors.ts";
import type { HaltService } from "../../src/run/halt/service.ts";
import type { ScheduleService } from "../../src/run/schedules/service.ts";
import type { Actor, RunService } from "../../src/run/service.ts";
import { startSlack, type RunningSlack } from "../../src/slack/app.ts";
import { loadVerbs } from "../../src/slack/load-verbs.ts";
import type { Verb } from "../../src/slack/verb.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { startGateRig, type GateRig } from "../support/gate-rig.ts";
import { testPolicy } from "../support/policy.ts";
import { waitFor } from "../support/stack.ts";
import { noAlarms } from "../support/alarms.ts";
import { seen } from "../support/overview.ts";
import { mention } from "../support/mentions.ts";
import { noChannels } from "../support/channels.ts";
import { noGameDays } from "../support/game-days.ts";
import { noExports } from "../support/exports.ts";
import { noPast } from "../support/past.ts";
import { noActions } from "../support/actions.ts";

/**
 * A scripted double of the service: it records who did what, lets the first approval through, and refuses as the real
 * one does. The real one is tested end to end in test/e2e.
 */
function scriptedService(acts: string[]): RunService {
  const refuse = async (): Promise<never> => {
    throw new Error("not scripted: password=hunter2");
  };
  return {
    experiments: () => [],
    choices: () => ({ clusters: ["lab"], defaultCluster: "lab", defaultProfile: null }),
    experiment: (name) => {
      throw new AftershockError("unknown_experiment", `There is no experiment "${name}".`, "See: /chaos list");
    },
    plan: refuse,
    request: refuse,
    approve: async (actor: Actor, runId: string) => {
      acts.push(`approve ${runId} by ${actor.userId} of ${actor.teamId}`);
      if (actor.userId === "U0ALICE") {
        throw new AftershockError("not_allowed", "You asked for run-1 yourself.", "It can be approved by <@U0BOB>.");
      }
      if (acts.length > 1) {
        throw new AftershockError("not_pending", "run-1 was approved by <@U0BOB> already.", "/chaos status run-1");
      }
      return refuse();
    },
    deny: refuse,
    revoke: refuse,
    policy: () => testPolicy(),
    explain: refuse,
    abort: refuse,
    note: refuse,
    find: refuse,
    recent: async () => [],
    open: async () => [],
    events: refuse,
    artifact: refuse,
    parameterHelp: () => [],
  };
}

let db: TestDatabase;
let rig: GateRig;
let slack: LocalSlack;
let verbs: Verb[];
const acts: string[] = [];
const lines: string[] = [];
const secrets = {
  databaseUrl: "",
  redisUrl: "",
  slackBotToken: workspace.bot.token,
  slackAppToken: workspace.bot.appToken,
  slackSigningSecret: workspace.bot.signingSecret,
};

beforeAll(async () => {
  [db, rig] = await Promise.all([startTestDatabase(), startGateRig()]);
  slack = rig.slack;
  verbs = await loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url)));
});
afterAll(async () => {
  await rig?.stop();
  await db?.stop();
  expect(rig.gate.violations).toEqual([]);
});
beforeEach(async () => {
  acts.length = 0;
  lines.length = 0;
  await fetch(`${slack.url}/_control/reset`, { method: "POST" });
});

const begin = (config: Parameters<typeof startSlack>[0]["config"], teamId: string): Promise<RunningSlack> =>
  startSlack({
    config,
    secrets,
    service: scriptedService(acts),
    schedules: {} as ScheduleService,
    halts: { current: async () => null } as unknown as HaltService,
    alarms: noAlarms,
    overview: seen(),
    past: noPast,
    channels: noChannels,
    actions: noActions,
    gameDays: noGameDays,
    exports: noExports,
    teamId,
    database: db.database,
    log: pino({ level: "error" }, { write: (line: string) => void lines.push(line) }),
    verbs,
  });
const socket = (teamId: string = workspace.teamId): Promise<RunningSlack> =>
  begin({ mode: "socket", apiUrl: rig.gate.apiUrl, command: "/chaos", editEvery: 200 }, teamId);
const answersTo = async (user: string): Promise<LocalMessage[]> =>
  (await slack.messages()).filter((message) => message.ephemeral_to === user);
const answered = (user: string, count = 1): Promise<LocalMessage[]> =>
  waitFor(
    () => answersTo(user),
    (all) => all.length >= count,
    10_000,
  );
const post = async (): Promise<string> => {
  await fetch(`${slack.url}/api/chat.postMessage`, {
    method: "POST",
    headers: { authorization: `Bearer ${workspace.bot.token}`, "content-type": "application/json" },
    body: JSON.stringify({ channel: workspace.channel.id, text: "card" }),
  });
  return (await slack.messages()).find((message) => message.text === "card")?.ts ?? "";
};
const approve = { type: "button", action_id: "aftershock:approve", block_id: "b", value: "run-1" };
const texts = (messages: LocalMessage[]): string[] => messages.map((message) => message.text ?? "");

describe("over Socket Mode", () => {
  it("answers a command to the person who typed it, and to nobody else", async () => {
    const bot = await socket();
    try {
      await slack.command("U0BOB", "/chaos", "hlep");
      expect(texts(await answered("U0BOB"))).toEqual(['There is no command "hlep".\nDid you mean /chaos help?']);
      await slack.command("U0ALICE", "/chaos", "");
      expect(texts(await answered("U0ALICE"))[0]).toContain("Nothing runs or waits");
      expect((await slack.messages()).every((message) => message.ephemeral_to !== undefined)).toBe(true);
    } finally {
      await bot.stop();
    }
  });
  it("shows why a click was refused, to the one who clicked", async () => {
    const bot = await socket();
    try {
      const ts = await post();
      await slack.click("U0ALICE", ts, approve);
      expect(texts(await answered("U0ALICE"))).toEqual([
        "You asked for run-1 yourself.\nIt can be approved by <@U0BOB>.",
      ]);
      await slack.click("U0BOB", ts, { ...approve, action_id: "aftershock:explode" });
      expect(texts(await answered("U0BOB"))[0]).toContain("older version");
      expect(acts).toEqual(["approve run-1 by U0ALICE of T0LOCAL"]);
    } finally {
      await bot.stop();
    }
  });
  it("says nothing of what was not foreseen but a reference, which the log has", async () => {
    const bot = await socket();
    try {
      await slack.command("U0BOB", "/chaos", "findings run-1");
      const [text = ""] = texts(await answered("U0BOB"));
      expect(text).not.toContain("hunter2");
      const reference = /log as ([0-9a-f]{8})/.exec(text)?.[1] ?? "no reference";
      expect(lines.find((line) => line.includes(reference))).toContain("hunter2");
    } finally {
      await bot.stop();
    }
  });
  it("refuses people of another workspace before anything else", async () => {
    const bot = await socket("T0OTHER");
    try {
      const ts = await post();
      await slack.click("U0BOB", ts, approve);
      await slack.command("U0BOB", "/chaos", "approve run-1");
      const all = texts(await answered("U0BOB", 2));
      expect(all.every((text) => text.includes("Only members of this workspace"))).toBe(true);
      expect(acts).toEqual([]);
    } finally {
      await bot.stop();
    }
  });
  it("answers a mention once, though Slack's answer is lost", async () => {
    const bot = await socket();
    try {
      rig.gate.misbehave({ method: "chat.postEphemeral", verdict: "lose-answer" });
      await mention(slack, "U0BOB", "stop");
      await answered("U0BOB");
      await mention(slack, "U0BOB", "please");
      await answered("U0BOB", 2);
      // Bolt's own client would have asked again after a second.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(await answersTo("U0BOB")).toHaveLength(2);
    } finally {
      await bot.stop();
    }
  });
  it("acts once on an envelope that two bots get", async () => {
    // Every envelope to both bots, and twice to one: harsher than Slack's occasional repeat.
    const bots = await Promise.all([socket(), socket()]);
    try {
      rig.gate.sockets.next("all", "slash_commands");
      rig.gate.sockets.next("all", "interactive");
      await slack.command("U0CAROL", "/chaos", "approve run-1");
      await answered("U0CAROL");
      await slack.click("U0CAROL", await post(), approve);
      await answered("U0CAROL", 2);
      await waitFor(
        async () => (await db.database.query("select 1 from slack_deliveries")).rowCount ?? 0,
        (count) => count >= 2,
        5000,
      );
      expect(rig.gate.sockets.left()).toBe(0);
      expect(acts).toHaveLength(2);
      expect(await answersTo("U0CAROL")).toHaveLength(2);
      rig.gate.sockets.next("twice", "slash_commands");
      await slack.command("U0CAROL", "/chaos", "approve run-1");
      await answered("U0CAROL", 3);
      // A later command has been answered, and the repeated one once.
      await slack.command("U0CAROL", "/chaos", "hlep");
      await answered("U0CAROL", 4);
      expect(acts).toHaveLength(3);
      expect(await answersTo("U0CAROL")).toHaveLength(4);
    } finally {
      await Promise.all(bots.map((bot) => bot.stop()));
    }
  });
});

describe("over HTTP", () => {
  let bot: RunningSlack;
  let port: number;
  let answers: string[];
  let responses: Server;
  let responseUrl: string;
  beforeAll(async () => {
    answers = [];
    responses = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        answers.push(body);
        response.end("ok");
      });
    });
    await new Promise<void>((resolve) => responses.listen(0, "127.0.0.1", resolve));
    const address = responses.address();
    responseUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
    port = await freePort();
    bot = await begin(
      { mode: "http", port, apiUrl: rig.gate.apiUrl, command: "/chaos", editEvery: 200 },
      workspace.teamId,
    );
  });
  afterAll(async () => {
    await bot?.stop();
    responses?.close();
    responses?.closeAllConnections();
  });
  /** A click as Slack signs it (docs.slack.dev, Verifying requests from Slack). */
  const click = async (
    user: Record<string, string>,
    actionTs: string,
    secret: string,
    container: Record<string, string> = {},
  ): Promise<number> => {
    const payload = {
      type: "block_actions",
      team: { id: workspace.teamId },
      user,
      channel: { id: workspace.channel.id },
      container: { type: "message", message_ts: "1.1", channel_id: workspace.channel.id, ...container },
      response_url: responseUrl,
      trigger_id: `t${actionTs}`,
      actions: [{ ...approve, action_ts: actionTs }],
    };
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const at = String(Math.floor(Date.now() / 1000));
    const signature = `v0=${createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex")}`;
    const answer = await fetch(`http://127.0.0.1:${port}/slack/events`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": at,
        "x-slack-signature": signature,
      },
      body,
    });
    return answer.status;
  };
  const answerNumber = (count: number) =>
    waitFor(
      async () => answers.length,
      (have) => have >= count,
      5000,
    );

  it("takes a signed click, shows the refusal as an ephemeral, and leaves the card alone", async () => {
    answers.length = 0;
    expect(await click({ id: "U0ALICE", team_id: workspace.teamId }, "1.5", secrets.slackSigningSecret)).toBe(200);
    await answerNumber(1);
    expect(JSON.parse(answers[0] ?? "{}")).toMatchObject({ response_type: "ephemeral", replace_original: false });
    expect(answers[0]).toContain("yourself");
  });
  it("answers a click in a thread in that thread, and one in the channel there", async () => {
    answers.length = 0;
    const alice = { id: "U0ALICE", team_id: workspace.teamId };
    await click(alice, "1.6", secrets.slackSigningSecret, { thread_ts: "1.0" });
    await answerNumber(1);
    await click(alice, "1.7", secrets.slackSigningSecret);
    await answerNumber(2);
    expect(answers.map((answer) => (JSON.parse(answer) as { thread_ts?: string }).thread_ts)).toEqual([
      "1.0",
      undefined,
    ]);
  });
  it("takes the same delivery once", async () => {
    answers.length = 0;
    await click({ id: "U0ALICE", team_id: workspace.teamId }, "2.5", secrets.slackSigningSecret);
    await answerNumber(1);
    await click({ id: "U0ALICE", team_id: workspace.teamId }, "2.5", secrets.slackSigningSecret);
    await click({ id: "U0ALICE", team_id: workspace.teamId }, "2.6", secrets.slackSigningSecret);
    await answerNumber(2);
    expect(answers).toHaveLength(2);
    expect(acts).toHaveLength(2);
  });
  it("refuses a forged signature", async () => {
    expect(await click({ id: "U0BOB", team_id: workspace.teamId }, "3.5", "not-the-secret")).toBe(401);
  });
  it.each([
    ["another workspace", { id: "U0BOB", team_id: "T0EVIL" }, "4.5"],
    ["no known workspace", { id: "U0BOB" }, "4.6"],
  ])("refuses a person of %s, though the channel is ours", async (_what, user, actionTs) => {
    answers.length = 0;
    await click(user, actionTs, secrets.slackSigningSecret);
    await answerNumber(1);
    expect(answers[0]).toContain("Only members of this workspace");
  });
});
