import { readFileSync } from "node:fs";
import { AftershockError, messageOf } from "../errors.ts";
import { closestIssues } from "../experiment/closest-issue.ts";
import { decodeUtf8, readPlainYaml } from "../experiment/plain-yaml.ts";
import { configSchema, type Config } from "./schema.ts";
import { readGrafana, readWatching, type OpenEndpoint, type WatchingEndpoints } from "./watching.ts";
import { readSecret, type Environment } from "./secret.ts";

/** Larger files are no configuration of ours. */
const maxBytes = 256 * 1024;

/** What only the environment, or a file that it names, may hold. */
export interface Secrets {
  databaseUrl: string;
  redisUrl: string;
  slackBotToken: string;
  /** Socket Mode. */
  slackAppToken?: string;
  /** HTTP mode. */
  slackSigningSecret?: string;
  /** By cluster: Prometheus and Alertmanager, with their secrets. */
  watching?: Readonly<Record<string, WatchingEndpoints>>;
  grafana?: OpenEndpoint;
}

export interface LoadedConfig {
  config: Config;
  secrets: Secrets;
}

/** Reads and checks a configuration file and the environment. Throws AftershockError `bad_config` naming the key. */
export function loadConfig(file: string, environment: Environment): LoadedConfig {
  return parseConfig(readText(file), file, environment);
}

function readText(file: string): string {
  let text: string | undefined;
  try {
    text = decodeUtf8(readFileSync(file));
  } catch (error) {
    throw bad(file, messageOf(error), "Give its path: --config aftershock.yaml");
  }
  if (text === undefined) throw bad(file, "not UTF-8", docsHint);
  return text;
}

/**
 * The bot's own database, for a command that needs nothing else: of a configuration file if one is named, otherwise
 * DATABASE_URL or DATABASE_URL_FILE. Throws AftershockError `bad_config` when there is none.
 */
export function databaseUrlOf(environment: Environment, file?: string): string {
  const config = file === undefined ? undefined : loadConfigFile(file);
  return databaseUrl(config, environment);
}

/** What `aftershock run` needs: no Slack, and no Redis. */
export interface PipelineConfig {
  config: Config;
  /** `slackBotToken`: where there is one, approvers can be looked up. */
  secrets: Pick<Secrets, "databaseUrl" | "watching" | "grafana"> & { slackBotToken?: string };
}

/** The same file for a command that conducts a run by itself. Throws AftershockError `bad_config` naming the key. */
export function loadPipelineConfig(file: string, environment: Environment): PipelineConfig {
  const config = loadConfigFile(file);
  const slackBotToken = readSecret(environment, "SLACK_BOT_TOKEN");
  return {
    config,
    secrets: {
      databaseUrl: databaseUrl(config, environment),
      ...readWatching(config.clusters, environment),
      ...readGrafana(config.grafana, environment),
      ...(slackBotToken === undefined ? {} : { slackBotToken }),
    },
  };
}

/** A configuration file alone, for a command that needs no secret. Throws AftershockError `bad_config` naming the key. */
export function loadConfigFile(file: string): Config {
  return parseFile(readText(file), file);
}

/** `loadConfig` on a text that was read already. */
export function parseConfig(text: string, file: string, environment: Environment): LoadedConfig {
  const config = parseFile(text, file);
  return { config, secrets: readSecrets(config, environment) };
}

function parseFile(text: string, file: string): Config {
  const yaml = readPlainYaml(text, maxBytes);
  if (!yaml.ok) throw bad(yaml.place === null ? file : `${file}:${yaml.place.line}`, yaml.why, docsHint);
  const parsed = configSchema.safeParse(yaml.value);
  if (!parsed.success) {
    const closest = parsed.error.issues.flatMap(closestIssues);
    const issues = closest.map((issue) => `${issue.path.join(".") || "file"}: ${issue.message}`);
    throw bad(file, named(issues), docsHint);
  }
  const config = parsed.data;
  if (!Object.hasOwn(config.clusters, config.defaultCluster)) {
    throw bad(
      file,
      `defaultCluster: there is no cluster "${config.defaultCluster}"`,
      `Known clusters: ${Object.keys(config.clusters).join(", ")}.`,
    );
  }
  for (const [name, { stopConditions, prometheus, alertmanager }] of Object.entries(config.clusters)) {
    const unasked = stopConditions.find((one) => ("prometheus" in one ? prometheus : alertmanager) === undefined);
    if (unasked === undefined) continue;
    const whom = "prometheus" in unasked ? "prometheus" : "alertmanager";
    throw bad(
      file,
      `clusters.${name}.stopConditions: ${unasked.id} asks ${whom}, which has no address`,
      `Set clusters.${name}.${whom}.url`,
    );
  }
  for (const [name, { namespaces, targets }] of Object.entries(config.clusters)) {
    const outside = targets.findIndex(({ namespace }) => namespaces?.includes(namespace) === false);
    if (outside === -1) continue;
    throw bad(
      file,
      `clusters.${name}.targets.${outside}.namespace: runs may not be in ${targets[outside]?.namespace}`,
      `Add it to clusters.${name}.namespaces, which has ${namespaces?.join(", ")}.`,
    );
  }
  if ((config.approvals === undefined) === (config.policies === undefined)) {
    const why =
      config.policies === undefined ? "nothing says who may approve" : "approvals and policies are both there";
    throw bad(file, `policies: ${why}`, "Give approvals (the simple form) or policies, one of the two.");
  }
  return config;
}

const docsHint = "See the commented example in deploy/aftershock.example.yaml";

/** So many mistakes are named at once; a person mends those first. */
const mostNamed = 8;

function named(issues: readonly string[]): string {
  const more = issues.length - mostNamed;
  return [...issues.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function readSecrets(config: Config, environment: Environment): Secrets {
  if (config.slack.mode === "none") {
    const hint = "Set slack.mode to socket or http for the service; without Slack: aftershock run --help";
    throw bad("slack.mode", "none has no service to start", hint);
  }
  const need = (name: string, why: string): string => needSecret(environment, name, why);
  const common = {
    databaseUrl: databaseUrl(config, environment),
    redisUrl: redisUrlOf(config, environment),
    slackBotToken: need("SLACK_BOT_TOKEN", "the bot token, xoxb-…"),
    ...readWatching(config.clusters, environment),
    ...readGrafana(config.grafana, environment),
  };
  return config.slack.mode === "socket"
    ? { ...common, slackAppToken: need("SLACK_APP_TOKEN", "Socket Mode, xapp-…") }
    : { ...common, slackSigningSecret: need("SLACK_SIGNING_SECRET", "HTTP mode") };
}

/** The queue's Redis. Throws AftershockError `bad_config` when there is none. */
export function redisUrlOf(config: Config, environment: Environment): string {
  refusePassword("redis.url", config.redis?.url, "REDIS_URL");
  return withScheme(
    config.redis?.url ?? needSecret(environment, "REDIS_URL", "Redis of the queue; or redis.url"),
    config.redis === undefined ? "REDIS_URL" : "redis.url",
    ["redis", "rediss"],
  );
}

function databaseUrl(config: Config | undefined, environment: Environment): string {
  refusePassword("postgres.url", config?.postgres?.url, "DATABASE_URL");
  const named = config?.postgres?.url;
  return withScheme(
    named ?? needSecret(environment, "DATABASE_URL", "PostgreSQL of the bot; or postgres.url"),
    named === undefined ? "DATABASE_URL" : "postgres.url",
    ["postgres", "postgresql"],
  );
}

function needSecret(environment: Environment, name: string, why: string): string {
  const value = readSecret(environment, name);
  if (value !== undefined) return value;
  const hint = `Set it, for example: export ${name}=… or ${name}_FILE=/run/secrets/…`;
  throw bad("environment", `${name} is not set (${why})`, hint);
}

/** A configuration file is shown around, committed, mounted readable: no password stands in it. */
function refusePassword(key: string, url: string | undefined, variable: string): void {
  if (url === undefined || !URL.canParse(url) || new URL(url).password === "") return;
  throw bad(key, "there is a password in it", `Give the whole address by ${variable} or ${variable}_FILE instead.`);
}

/** Refuses what is no address, without quoting it: it may hold a password. */
function withScheme(url: string, key: string, schemes: readonly string[]): string {
  if (new RegExp(`^(${schemes.join("|")})://\\S+$`).test(url)) return url;
  const example = `${schemes[0]}://…`;
  throw bad(
    key,
    `this is no address that begins with ${example}`,
    `Write it like ${example}; it is not shown here, as it may hold a password.`,
  );
}

/** What is quoted of a file may be any length. */
const longestReason = 2000;

function bad(where: string, why: string, hint: string): AftershockError {
  return new AftershockError("bad_config", `${where}: ${why.slice(0, longestReason)}.`, hint);
}
