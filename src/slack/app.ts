import { App, LogLevel, type Logger as BoltLogger } from "@slack/bolt";
import type { Logger } from "pino";
import type { Config } from "../config/schema.ts";
import type { Secrets } from "../config/load.ts";
import { renderTrend } from "../findings/chart/render-trend.ts";
import type { TrendJob } from "../findings/chart/trend-job.ts";
import type { ReadinessCheck } from "../health.ts";
import type { ActionService } from "../run/actions/service.ts";
import type { AlarmService } from "../run/alarms/service.ts";
import type { HaltService } from "../run/halt/service.ts";
import type { OverviewService } from "../run/overview/service.ts";
import type { ChannelService } from "../run/channels/service.ts";
import type { ExportService } from "../run/export/service.ts";
import type { PastService } from "../run/past/service.ts";
import type { GameDayService } from "../gameday/service.ts";
import type { ScheduleService } from "../run/schedules/service.ts";
import type { RunService } from "../run/service.ts";
import type { Database } from "../store/database.ts";
import { throughGate } from "./access/gated-fetch.ts";
import { createDispatcher } from "./dispatch.ts";
import { followHome } from "./hear/follow-home.ts";
import { hearClicks } from "./hear/hear-clicks.ts";
import { hearCommands } from "./hear/hear-commands.ts";
import { hearForms } from "./hear/hear-forms.ts";
import { hearHome } from "./hear/hear-home.ts";
import { hearMentions } from "./hear/hear-mentions.ts";
import { hearMessages } from "./hear/hear-messages.ts";
import type { Hearing } from "./hear/hearing.ts";
import { createHttpReceiver } from "./http-receiver.ts";
import { createMessageReader } from "./message-reader.ts";
import { createNames } from "./names.ts";
import { startNarrator } from "./narrator.ts";
import { observeDispatcher, observedFetch, type SlackObserver } from "./observer.ts";
import { startOutbox } from "./outbox.ts";
import { ratesAt } from "./rates.ts";
import type { Verb } from "./verb.ts";
import { createViewPort } from "./view-port.ts";
import { createWebPort } from "./web-port.ts";
import { startPictures } from "./pictures.ts";

export interface SlackOptions {
  config: Config["slack"];
  secrets: Secrets;
  service: RunService;
  schedules: ScheduleService;
  alarms: AlarmService;
  halts: HaltService;
  overview: OverviewService;
  past: PastService;
  channels: ChannelService;
  actions: ActionService;
  gameDays: GameDayService;
  exports: ExportService;
  /** The workspace that the bot is installed in. */
  teamId: string;
  database: Database;
  log: Logger;
  verbs: readonly Verb[];
  /** Default: nobody looks on. */
  observer?: SlackObserver;
  /** Default: in a process of its own. */
  drawTrend?: (job: TrendJob) => Promise<Buffer>;
}

export interface RunningSlack {
  checks: readonly ReadinessCheck[];
  stop(): Promise<void>;
}

/** Starts listening to Slack, narrating runs, and sending. */
export async function startSlack(options: SlackOptions): Promise<RunningSlack> {
  const { config, secrets, log, database, observer } = options;
  const slackFetch = observer === undefined ? undefined : observedFetch(observer, config.apiUrl);
  const app = new App({
    token: secrets.slackBotToken,
    logger: boltLogger(log),
    clientOptions: throughGate(config.apiUrl, slackFetch),
    ...(config.mode !== "http"
      ? { socketMode: true, appToken: secrets.slackAppToken ?? "" }
      : {
          receiver: createHttpReceiver({
            signingSecret: secrets.slackSigningSecret ?? "",
            logger: boltLogger(log),
            onRefused: (why, count) => log.warn({ why, count }, "request refused"),
          }),
        }),
  });
  const unobserved = createDispatcher(options.verbs, options, config.command);
  const dispatcher = observer === undefined ? unobserved : observeDispatcher(unobserved, options.verbs, observer);
  const views = createViewPort(secrets.slackBotToken, config.apiUrl, slackFetch);
  const messages = createMessageReader(secrets.slackBotToken, config.apiUrl, slackFetch);
  const { teamId } = options;
  const hearing: Hearing = { dispatcher, command: config.command, teamId, database, views, messages, log };
  hearCommands(app, hearing);
  hearClicks(app, hearing);
  hearForms(app, hearing);
  hearHome(app, hearing);
  hearMentions(app, hearing);
  hearMessages(app, hearing);
  const home = followHome(hearing, config.speed ?? 1);
  const port = createWebPort(secrets.slackBotToken, config.apiUrl, slackFetch);
  app.error(async (error) => log.error({ err: error }, "Slack delivery"));
  const outbox = startOutbox({
    database,
    slack: port,
    nameOf: createNames({
      token: secrets.slackBotToken,
      ...(config.apiUrl === undefined ? {} : { slackApiUrl: config.apiUrl }),
      fetch: slackFetch,
    }),
    editEveryMs: config.editEvery,
    rates: ratesAt(config.speed ?? 1),
    log: (message, detail) => log.warn(detail, message),
  });
  const narrator = startNarrator(database, {
    command: config.command,
    opsChannel: config.opsChannel,
    onWanted: outbox.wake,
    onError: (error) => log.warn({ err: error }, "narrator"),
  });
  const pictures = startPictures({
    database,
    past: options.past,
    draw: options.drawTrend ?? renderTrend,
    onWanted: outbox.wake,
    onError: (error) => log.warn({ err: error }, "pictures"),
  });
  await (config.mode === "http" ? app.start(config.port) : app.start());
  return {
    checks: [{ name: "slack", check: async () => void (await app.client.auth.test()) }],
    stop: async () => {
      await app.stop();
      await home.stop();
      await narrator.stop();
      await pictures.stop();
      await outbox.stop();
    },
  };
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
