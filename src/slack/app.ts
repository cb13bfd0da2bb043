import { App, LogLevel, type Logger as BoltLogger } from "@slack/bolt";
import type { Logger } from "pino";
import type { z } from "zod";
import { mayLook } from "../approvals/authorise.ts";
import type { Config } from "../config/schema.ts";
import type { Secrets } from "../config/load.ts";
import { AftershockError } from "../errors.ts";
import type { ReadinessCheck } from "../health.ts";
import type { AlarmService } from "../run/alarms/service.ts";
import type { HaltService } from "../run/halt/service.ts";
import type { OverviewService } from "../run/overview/service.ts";
import type { PastService } from "../run/past/service.ts";
import type { ScheduleService } from "../run/schedules/service.ts";
import type { Actor, RunService } from "../run/service.ts";
import type { Database } from "../store/database.ts";
import { createDispatcher, type Dispatcher } from "./dispatch.ts";
import { errorMessage } from "./errors.ts";
import { createHttpReceiver } from "./http-receiver.ts";
import { startNarrator } from "./narrator.ts";
import { startOutbox } from "./outbox.ts";
import { buttonPayload, clickPayload, commandPayload, mentionPayload, payloadProblem } from "./payload.ts";
import type { SlackPort } from "./port.ts";
import { ratesAt } from "./rates.ts";
import { firstDelivery } from "./store/deliveries.ts";
import { actionPrefix, type Verb } from "./verb.ts";
import { createWebPort } from "./web-port.ts";

export interface SlackOptions {
  config: Config["slack"];
  secrets: Secrets;
  service: RunService;
  schedules: ScheduleService;
  alarms: AlarmService;
  halts: HaltService;
  overview: OverviewService;
  past: PastService;
  /** The workspace that the bot is installed in. */
  teamId: string;
  database: Database;
  log: Logger;
  verbs: readonly Verb[];
}

export interface RunningSlack {
  checks: readonly ReadinessCheck[];
  stop(): Promise<void>;
}

/** Starts listening to Slack, narrating runs, and sending. */
export async function startSlack(options: SlackOptions): Promise<RunningSlack> {
  const { config, secrets, log, database } = options;
  const app = new App({
    token: secrets.slackBotToken,
    logger: boltLogger(log),
    ...(config.apiUrl === undefined ? {} : { clientOptions: { slackApiUrl: config.apiUrl } }),
    ...(config.mode === "socket"
      ? { socketMode: true, appToken: secrets.slackAppToken ?? "" }
      : {
          receiver: createHttpReceiver({
            signingSecret: secrets.slackSigningSecret ?? "",
            logger: boltLogger(log),
            onRefused: (why, count) => log.warn({ why, count }, "request refused"),
          }),
        }),
  });
  const dispatcher = createDispatcher(options.verbs, options, config.command);
  listenToCommands(app, dispatcher, options);
  listenToClicks(app, dispatcher, options);
  const port = createWebPort(secrets.slackBotToken, config.apiUrl);
  listenToMentions(app, options, port);
  app.error(async (error) => log.error({ err: error }, "Slack delivery"));
  const outbox = startOutbox({
    database,
    slack: port,
    editEveryMs: config.editEvery,
    rates: ratesAt(config.speed ?? 1),
    log: (message, detail) => log.warn(detail, message),
  });
  const narrator = startNarrator(database, {
    opsChannel: config.opsChannel,
    onWanted: outbox.wake,
    onError: (error) => log.warn({ err: error }, "narrator"),
  });
  await (config.mode === "socket" ? app.start() : app.start(config.port));
  return {
    checks: [{ name: "slack", check: async () => void (await app.client.auth.test()) }],
    stop: async () => {
      await app.stop();
      await narrator.stop();
      await outbox.stop();
    },
  };
}

function listenToCommands(app: App, dispatcher: Dispatcher, options: SlackOptions): void {
  app.command(options.config.command, async ({ command, ack, respond }) => {
    await ack();
    const payload = read(commandPayload, command, options);
    if (payload === null) return;
    const actor: Actor = { userId: payload.user_id, teamId: payload.team_id, channelId: payload.channel_id };
    const reply = await attempt(options, actor, async () =>
      (await firstDelivery(options.database, `command:${payload.trigger_id}`))
        ? dispatcher.command(payload.text, actor)
        : undefined,
    );
    if (reply !== undefined) await respond({ response_type: "ephemeral", ...reply });
  });
}

function listenToClicks(app: App, dispatcher: Dispatcher, options: SlackOptions): void {
  app.action(
    { type: "block_actions", action_id: new RegExp(`^${actionPrefix}`) },
    async ({ body, action, ack, respond }) => {
      await ack();
      if (action.type !== "button") return;
      const click = read(clickPayload, body, options);
      const button = read(buttonPayload, action, options);
      if (click === null || button === null) return;
      const key = `click:${button.action_ts}:${button.action_id}:${click.user.id}`;
      const actor: Actor = {
        userId: click.user.id,
        // The person's own workspace: `body.team` is where the click happened, which in a shared channel is ours.
        teamId: click.user.team_id ?? "",
        channelId: click.channel?.id ?? "",
      };
      const name = button.action_id.slice(actionPrefix.length);
      const answer = await attempt(options, actor, async () =>
        (await firstDelivery(options.database, key)) ? dispatcher.click(name, button.value, actor) : undefined,
      );
      if (answer !== undefined) await respond({ response_type: "ephemeral", replace_original: false, ...answer });
    },
  );
}

/** Slash commands do not work in threads; a mention says what does. */
function listenToMentions(app: App, options: SlackOptions, port: SlackPort): void {
  const { command } = options.config;
  app.event("app_mention", async ({ body }) => {
    const mention = read(mentionPayload, body, options);
    if (mention === null) return;
    const { event, event_id: eventId } = mention;
    // Slack repeats an event up to three times when it saw no answer in time.
    if (!(await firstDelivery(options.database, `event:${eventId}`))) return;
    const text = `I take \`${command}\` in the channel, and the buttons on a run's card. Begin with \`${command} help\`.`;
    // Not by Bolt's own client: that one asks again when an answer is lost, and would say it twice.
    const said = await port.post(
      { channelId: event.channel, threadTs: event.thread_ts ?? event.ts },
      { text, blocks: [] },
      `mention/${eventId}`,
    );
    if (!said.ok) options.log.warn({ problem: said.problem }, "a mention was not answered");
  });
}

/** The parts of a payload that are used; null, with a line in the log, for what Slack does not send. */
function read<T extends z.ZodType>(schema: T, payload: unknown, { log }: SlackOptions): z.output<T> | null {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  log.warn({ fields: payloadProblem(parsed.error) }, "payload of an unknown form");
  return null;
}

/** Runs it; what went wrong becomes the answer. People of other organisations are refused before anything else. */
async function attempt<T>(
  { teamId, log }: SlackOptions,
  actor: Actor,
  work: () => Promise<T>,
): Promise<T | ReturnType<typeof errorMessage>> {
  try {
    const may = mayLook(teamId, actor);
    if (!may.allowed) throw new AftershockError("not_allowed", may.message, may.hint);
    return await work();
  } catch (error) {
    return errorMessage(error, (reference, cause) => log.error({ err: cause, reference }, "unforeseen error"));
  }
}

/** Bolt's log lines become JSON lines of ours. */
function boltLogger(log: Logger): BoltLogger {
  const child = log.child({ part: "bolt" });
  const text = (parts: unknown[]): string => parts.map(String).join(" ");
  return {
    debug: (...parts) => child.debug(text(parts)),
    info: (...parts) => child.info(text(parts)),
    warn: (...parts) => child.warn(text(parts)),
    error: (...parts) => child.error(text(parts)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
