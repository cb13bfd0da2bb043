import { fileURLToPath } from "node:url";
import { WebClient } from "@slack/web-api";
import { createActionService } from "../run/actions/create-service.ts";
import { startReminders } from "../run/actions/reminders.ts";
import { createAlarmService } from "../run/alarms/create-service.ts";
import { createChannelService } from "../run/channels/create-service.ts";
import { createRunService } from "../run/create-service.ts";
import { enforce, normaliseRunId } from "../run/decide.ts";
import { createHaltService } from "../run/halt/create-service.ts";
import { createOverviewService } from "../run/overview/create-service.ts";
import { createExportService } from "../run/export/create-service.ts";
import { createPastService } from "../run/past/create-service.ts";
import { createScheduleService } from "../run/schedules/create-service.ts";
import { subjectOf } from "../run/subject.ts";
import { throughGate } from "../slack/access/gated-fetch.ts";
import { startSlack } from "../slack/app.ts";
import { loadVerbs } from "../slack/load-verbs.ts";
import type { Foundation } from "./foundation.ts";
import { composeGameDays } from "./game-days.ts";
import { composeAuthoriser } from "./policy.ts";
import { startHaltKeeper } from "./halt-keeper.ts";
import { composeTelemetry } from "./telemetry.ts";
import type { Role } from "./worker.ts";

/** How often is looked for actions whose day has come. */
const remindEveryMs = 60_000;

/** The bot: commands, buttons, and the thread. It injects nothing. */
export async function startBot(foundation: Foundation): Promise<Role> {
  const { loaded, log, database, registry, queue, metrics } = foundation;
  const { config, secrets } = loaded;
  const teamId = await ownTeam(secrets.slackBotToken, config.slack.apiUrl);
  const authoriser = composeAuthoriser(
    { ...loaded, slackFetch: metrics.slackFetch(config.slack.apiUrl) },
    teamId,
    foundation.knownNames,
    foundation.clock.now,
  );
  const service = createRunService({
    database,
    registry,
    authoriser,
    defaultCluster: config.defaultCluster,
    ...(config.defaultProfile === undefined ? {} : { defaultProfile: config.defaultProfile }),
    wake: queue.wake,
    log: (message, detail) => log.warn(detail ?? {}, message),
  });
  const schedules = createScheduleService({
    database,
    authoriser,
    plan: service.plan,
    wakeUpCalls: foundation.scheduleQueue,
    now: foundation.clock.now,
    log: (message, detail) => log.warn(detail ?? {}, message),
  });
  const alarms = createAlarmService({
    database,
    normaliseRunId,
    allow: async (act, actor, run) =>
      enforce(
        await authoriser.decide({ act: act === "restart" ? "mend" : "acknowledge", actor, subject: subjectOf(run) }),
      ),
  });
  const halts = createHaltService({ database, authoriser, clusters: registry.clusterNames.map(registry.cluster) });
  const { gameDays, gameDayKeeper } = composeGameDays(foundation, authoriser, service);
  const verbs = await loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url)));
  // Also in the bot, so that a halt is known and told with no worker up; it has nothing to stop.
  const keeper = startHaltKeeper(foundation, () => undefined);
  const slack = await startSlack({
    config: config.slack,
    secrets,
    service,
    schedules,
    alarms,
    halts,
    overview: createOverviewService({ database, authoriser }),
    past: createPastService(database),
    channels: createChannelService({ database, authoriser }),
    actions: createActionService({ database, authoriser }),
    gameDays,
    exports: createExportService({ database, authoriser }),
    teamId,
    database,
    log,
    verbs,
    observer: metrics.slack,
  });
  const reminders = startReminders(database, {
    everyMs: remindEveryMs,
    log: (message, detail) => log.warn(detail, message),
  });
  const telemetry = await composeTelemetry({ config, secrets, database, log });
  return {
    ...slack,
    stop: async () => {
      await reminders.stop();
      await telemetry.stop();
      await gameDayKeeper.stop();
      await keeper.stop();
      await slack.stop();
    },
  };
}

/** The workspace of the token. Rejects when Slack does not accept it, so that a wrong token ends the start. */
async function ownTeam(token: string, slackApiUrl: string | undefined): Promise<string> {
  const client = new WebClient(token, {
    timeout: 10_000,
    retryConfig: { retries: 3 },
    ...throughGate(slackApiUrl),
  });
  const { team_id: teamId } = await client.auth.test();
  if (teamId === undefined) throw new Error("Slack named no workspace for this token");
  return teamId;
}
