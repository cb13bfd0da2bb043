import { App, LogLevel, type Logger as BoltLogger } from "@slack/bolt";
import type { Logger } from "pino";
import type { Config } from "../config/schema.ts";
import type { Secrets } from "../config/load.ts";
import type { ReadinessCheck } from "../health.ts";
import type { AlarmService } from "../run/alarms/service.ts";
import type { HaltService } from "../run/halt/service.ts";
import type { OverviewService } from "../run/overview/service.ts";
import type { ExportService } from "../run/export/service.ts";
import type { PastService } from "../run/past/service.ts";
import type { ScheduleService } from "../run/schedules/service.ts";
import type { RunService } from "../run/service.ts";
import type { Database } from "../store/database.ts";
import { createDispatcher } from "./dispatch.ts";
import { followHome } from "./hear/follow-home.ts";
import { hearClicks } from "./hear/hear-clicks.ts";
import { hearCommands } from "./hear/hear-commands.ts";
import { hearForms } from "./hear/hear-forms.ts";
import { hearHome } from "./hear/hear-home.ts";
import { read, type Hearing } from "./hear/hearing.ts";
import { createHttpReceiver } from "./http-receiver.ts";
import { startNarrator } from "./narrator.ts";
import { startOutbox } from "./outbox.ts";
import { mentionPayload } from "./payload.ts";
import type { SlackPort } from "./port.ts";
import { ratesAt } from "./rates.ts";
import { firstDelivery } from "./store/deliveries.ts";
import type { Verb } from "./verb.ts";
import { createViewPort } from "./view-port.ts";
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
  exports: ExportService;
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
  const views = createViewPort(secrets.slackBotToken, config.apiUrl);
  const hearing: Hearing = { dispatcher, command: config.command, teamId: options.teamId, database, views, log };
  hearCommands(app, hearing);
  hearClicks(app, hearing);
  hearForms(app, hearing);
  hearHome(app, hearing);
  const home = followHome(hearing, config.speed ?? 1);
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
      await home.stop();
      await narrator.stop();
      await outbox.stop();
    },
  };
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
