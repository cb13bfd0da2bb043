import { parseArgs } from "node:util";
import type { Logger } from "pino";
import { layFoundation, type Foundation } from "../compose/foundation.ts";
import { ownVersion } from "../compose/version.ts";
import type { Role } from "../compose/worker.ts";
import { loadConfig } from "../config/load.ts";
import { startHealthServer } from "../health.ts";
import { exporterSecrets } from "../telemetry/exporter-secrets.ts";
import { createHiding } from "../redact.ts";
import type { CliCommand, Terminal } from "./cli-command.ts";
import { createLog, knownSecrets } from "./log.ts";
import { provideProbeSecrets } from "./probe-secrets.ts";

const usage = `Usage: aftershock start [--config FILE] [--role bot|worker|all]

  --config FILE   configuration (default: aftershock.yaml); see deploy/aftershock.example.yaml
  --role ROLE     bot: Slack; worker: runs experiments; all: both in one process (default)

Secrets come from the environment: SLACK_BOT_TOKEN, SLACK_APP_TOKEN or SLACK_SIGNING_SECRET,
DATABASE_URL, REDIS_URL; or from files, named by SLACK_BOT_TOKEN_FILE and so on. Logs are JSON lines on standard output.
Exit codes: 0 stopped on request, 1 failed, 2 wrong usage or configuration.
`;

/** `aftershock start`: the service itself; what `aftershock` without a command does. */
export const start: CliCommand = {
  name: "start",
  summary: "starts the bot, the worker, or both",
  usage,
  run: startService,
};

/** A worker that is told to leave heals first; after this long it leaves anyway, and another one heals. */
const stopDeadlineMs = 60_000;

/** Resolves when the service runs; a signal ends the process. */
async function startService(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: "string", default: "aftershock.yaml" },
      role: { type: "string", default: "all" },
    },
  });
  if (!["bot", "worker", "all"].includes(values.role)) {
    terminal.err(`--role ${values.role}: it must be bot, worker or all\n\n${usage}`);
    return 2;
  }
  const loaded = loadConfig(values.config, terminal.env);
  const probeSecrets = provideProbeSecrets(terminal.env);
  const hiding = createHiding(knownSecrets(loaded.secrets, { ...probeSecrets, ...exporterSecrets(terminal.env) }));
  const log = createLog({ level: loaded.config.logLevel, base: { role: values.role }, hiding }, terminal.out);
  const foundation = await layFoundation(loaded, log, hiding);
  foundation.metrics.instruments.build.set({ version: ownVersion(), role: values.role }, 1);
  const roles = await startRoles(values.role, foundation);
  const health = await startHealthServer({
    port: loaded.config.health.port,
    ...(loaded.config.health.portFile === undefined ? {} : { portFile: loaded.config.health.portFile }),
    checks: [
      { name: "postgres", check: async () => void (await foundation.database.query("select 1")) },
      { name: "redis", check: foundation.queue.ping },
      ...roles.flatMap((role) => role.checks ?? []),
    ],
    metrics: foundation.metrics.page,
  });
  log.info({ port: health.port }, "ready");
  onStopSignal(log, async () => {
    await Promise.allSettled(roles.map((role) => role.stop()));
    await health.close();
    await foundation.close();
  });
  return 0;
}

/** Loads only what the role needs: the worker has no Slack, the bot renders no chart. */
async function startRoles(role: string, foundation: Foundation): Promise<Role[]> {
  const roles: Role[] = [];
  if (role !== "bot") roles.push((await import("../compose/worker.ts")).startWorker(foundation));
  if (role !== "worker") roles.push(await (await import("../compose/bot.ts")).startBot(foundation));
  return roles;
}

function onStopSignal(log: Logger, stop: () => Promise<void>): void {
  let stopping = false;
  const leave = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), stopDeadlineMs).unref();
    void stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
}
