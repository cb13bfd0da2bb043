import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { launchLab, type LaunchedLab } from "../lab/launch.ts";
import type { KafkaRoles } from "../lab/systems/kafka.ts";
import type { PatroniDcs } from "../lab/systems/patroni-dcs.ts";
import type { RabbitNames } from "../lab/systems/rabbitmq.ts";
import { startChild, untilReady, type Child } from "./child.ts";
import { localSlackSpeed, startLocalSlack, workspace, type LocalSlack } from "./local-slack.ts";
import { startDatabase, type EmbeddedDatabase } from "./database.ts";
import { startRedis, type EmbeddedRedis } from "./redis.ts";
import { makeTempDirectory, removeDirectory } from "./temp-dir.ts";

/** Where bot and worker find what they stand on. */
export interface Endpoints {
  slackApiUrl: string;
  postgresUrl: string;
  redisUrl: string;
  kubeconfigPath: string;
}

export interface StackOptions {
  /** Told what is ready, after how long. */
  onReady: (what: string, afterMs: number) => void;
  slackPort?: number;
  /** Sentinel's down-after-milliseconds in the lab. */
  downAfterMs?: number;
  /** Where Patroni keeps its lock in the lab (default: clean, in etcd). */
  patroniDcs?: PatroniDcs;
  /** What RabbitMQ's nodes are called in the lab (default: short). */
  rabbitmqNames?: RabbitNames;
  /** Whether Kafka's brokers are its controllers too in the lab (default: combined). */
  kafkaRoles?: KafkaRoles;
  /** Lease of the worker, e.g. `4s`; short in tests that kill it. */
  lease?: string;
  keepLogs?: boolean;
  /**
   * Puts something between bot and worker and what they stand on, e.g. a proxy that loses answers. Resolves to where they
   * shall look instead; its `stop` is called after theirs.
   */
  interpose?: (real: Endpoints) => Promise<Endpoints & { stop(): Promise<void> }>;
  /** The service's program, `main.ts` or what it was built to (default: beside this file). */
  main?: string;
  /** Changes the configuration file that bot and worker read; in it THIS_ROLE stands for which of them reads it. */
  configure?: (config: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

export interface Stack {
  directory: string;
  slack: LocalSlack;
  postgres: EmbeddedDatabase;
  redis: EmbeddedRedis;
  lab: LaunchedLab;
  bot: Child;
  worker: Child;
  /** One more of it; those that run go on. */
  startBot(): Promise<Child>;
  startWorker(): Promise<Child>;
  /** Stops all in order: the worker heals before it goes. Safe to call twice. */
  stop(): Promise<void>;
  /** Kills bot and workers, so that `stop` has nothing to wait for. The lab and its faults go with the lab. */
  hurry(): void;
}

const workerGraceMs = 30_000;

/** Starts everything embedded: PostgreSQL, Redis, local-slack and the lab side by side, then bot and worker. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const directory = makeTempDirectory();
  const stops: Array<() => Promise<void>> = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      // Last started, first stopped, so that the worker still finds its database and cluster while it heals.
      for (const stopOne of stops.toReversed()) await stopOne().catch(() => undefined);
      if (options.keepLogs !== true) removeDirectory(directory);
    })());
  const start = async <T extends { stop(): Promise<void> }>(what: string, begin: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const started = await begin();
    if (stopping !== undefined) {
      await started.stop();
      throw new Error("stopped while starting");
    }
    stops.push(() => started.stop());
    options.onReady(what, performance.now() - startedAt);
    return started;
  };
  try {
    const settled = await Promise.allSettled([
      start("PostgreSQL", () => startDatabase(directory)),
      start("Redis for the queue", () => startRedis(directory)),
      start("local Slack", () => startLocalSlack(directory, options.slackPort)),
      start("lab: Redis, Sentinel, Kubernetes API", () =>
        launchLab({
          directory,
          ...(options.downAfterMs === undefined ? {} : { downAfterMs: options.downAfterMs }),
          ...(options.patroniDcs === undefined ? {} : { patroniDcs: options.patroniDcs }),
          ...(options.rabbitmqNames === undefined ? {} : { rabbitmqNames: options.rabbitmqNames }),
          ...(options.kafkaRoles === undefined ? {} : { kafkaRoles: options.kafkaRoles }),
        }),
      ),
    ]);
    const [postgres, redis, slack, lab] = settled.map((result) => {
      if (result.status === "rejected") throw result.reason as Error;
      return result.value;
    }) as [EmbeddedDatabase, EmbeddedRedis, LocalSlack, LaunchedLab];
    const real: Endpoints = {
      slackApiUrl: slack.apiUrl,
      postgresUrl: postgres.serviceUrl,
      redisUrl: redis.url,
      kubeconfigPath: lab.kubeconfigPath,
    };
    const endpoints = await interposed(real, options, (stopOne) => stops.push(stopOne));
    const configFile = writeConfig(directory, endpoints, options);
    const programs: Child[] = [];
    const startRole = (role: "bot" | "worker", number: number) => async (): Promise<Child> => {
      const program = await startProgram(
        { directory, configFile, endpoints, main: options.main ?? ownMain },
        role,
        number,
      );
      programs.push(program);
      return program;
    };
    let [bots, workers] = [1, 1];
    const [bot, worker] = await Promise.all([
      start("bot", startRole("bot", 1)),
      start("worker", startRole("worker", 1)),
    ]);
    return {
      directory,
      slack,
      postgres,
      redis,
      lab,
      bot,
      worker,
      startBot: () => start("bot", startRole("bot", ++bots)),
      startWorker: () => start("worker", startRole("worker", ++workers)),
      stop,
      hurry: () => programs.forEach((program) => program.kill("SIGKILL")),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface ProgramPlace {
  directory: string;
  configFile: string;
  endpoints: Endpoints;
  main: string;
}

const ownMain = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));

async function startProgram(
  { directory, configFile, endpoints, main }: ProgramPlace,
  role: "bot" | "worker",
  number: number,
): Promise<Child> {
  const portFile = join(directory, `${role}-${number}.port`);
  const own = join(directory, `${role}-${number}.yaml`);
  writeFileSync(own, readFileSync(configFile, "utf8").replace("PORT_FILE", portFile).replaceAll("THIS_ROLE", role));
  const logFile = join(directory, `${role}-${number}.log`);
  const child = startChild({
    name: role,
    command: [
      process.execPath,
      ...(main.endsWith(".ts") ? ["--import", "tsx"] : []),
      main,
      "--config",
      own,
      "--role",
      role,
    ],
    logFile,
    env: {
      ...process.env,
      SLACK_BOT_TOKEN: workspace.bot.token,
      SLACK_APP_TOKEN: workspace.bot.appToken,
      DATABASE_URL: endpoints.postgresUrl,
      REDIS_URL: endpoints.redisUrl,
    },
  });
  await untilReady(child, {
    name: `the ${role}`,
    logFile,
    deadlineMs: 90_000,
    ready: async () =>
      existsSync(portFile) && (await fetch(`http://127.0.0.1:${readFileSync(portFile, "utf8")}/readyz`)).ok,
  });
  return { ...child, stop: () => child.stop(workerGraceMs) };
}

async function interposed(
  real: Endpoints,
  { interpose }: StackOptions,
  onStop: (stop: () => Promise<void>) => void,
): Promise<Endpoints> {
  if (interpose === undefined) return real;
  const between = await interpose(real);
  onStop(() => between.stop());
  return between;
}

function writeConfig(directory: string, endpoints: Endpoints, { lease, configure }: StackOptions): string {
  const file = join(directory, "aftershock.yaml");
  const config = {
    slack: { mode: "socket", apiUrl: endpoints.slackApiUrl, editEvery: "1s", speed: localSlackSpeed },
    clusters: { lab: { kubeconfig: endpoints.kubeconfigPath, context: "lab" } },
    defaultCluster: "lab",
    defaultProfile: "demo",
    approvals: { required: 1, approvers: workspace.people.map(({ id }) => id), expiresAfter: "15m" },
    worker: { lease: lease ?? "10s", reconcileEvery: "1s" },
    health: { port: 0, portFile: "PORT_FILE" },
  };
  writeFileSync(file, stringify(configure?.(config) ?? config));
  return file;
}
