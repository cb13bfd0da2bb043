import { parseArgs } from "node:util";
import { pino, type Logger } from "pino";
import { layFoundation, type Foundation } from "./compose/foundation.ts";
import type { Role } from "./compose/worker.ts";
import { loadConfig } from "./config/load.ts";
import { isAftershockError } from "./errors.ts";
import { startHealthServer } from "./health.ts";

const usage = `Usage: aftershock --config FILE [--role bot|worker|all]

  --config FILE   configuration (default: aftershock.yaml); see deploy/aftershock.example.yaml
  --role ROLE     bot: Slack; worker: runs experiments; all: both in one process (default)
  --help          this text

Secrets come from the environment: SLACK_BOT_TOKEN, SLACK_APP_TOKEN or SLACK_SIGNING_SECRET,
DATABASE_URL, REDIS_URL. Logs are JSON lines on standard output.
Exit codes: 0 stopped on request, 1 failed, 2 wrong usage or configuration.
`;

/** A worker that is told to leave heals first; after this long it leaves anyway, and another one heals. */
const stopDeadlineMs = 60_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: "string", default: "aftershock.yaml" },
      role: { type: "string", default: "all" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  if (!["bot", "worker", "all"].includes(values.role)) {
    process.stderr.write(`--role ${values.role}: it must be bot, worker or all\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  const loaded = loadConfig(values.config, process.env);
  const log = pino({ level: loaded.config.logLevel, base: { role: values.role } });
  const foundation = await layFoundation(loaded, log);
  const roles = await startRoles(values.role, foundation);
  const health = await startHealthServer({
    port: loaded.config.health.port,
    ...(loaded.config.health.portFile === undefined ? {} : { portFile: loaded.config.health.portFile }),
    checks: [
      { name: "postgres", check: async () => void (await foundation.database.query("select 1")) },
      { name: "redis", check: foundation.queue.ping },
      ...roles.flatMap((role) => role.checks ?? []),
    ],
  });
  log.info({ port: health.port }, "ready");
  onStopSignal(log, async () => {
    await Promise.allSettled(roles.map((role) => role.stop()));
    await health.close();
    await foundation.close();
  });
}

/** Loads only what the role needs: the worker has no Slack, the bot renders no chart. */
async function startRoles(role: string, foundation: Foundation): Promise<Role[]> {
  const roles: Role[] = [];
  if (role !== "bot") roles.push((await import("./compose/worker.ts")).startWorker(foundation));
  if (role !== "worker") roles.push(await (await import("./compose/bot.ts")).startBot(foundation));
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

main().catch((error: unknown) => {
  if (isAftershockError(error)) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    process.exit(error.code === "bad_config" ? 2 : 1);
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
