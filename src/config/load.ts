import { readFileSync } from "node:fs";
import { AftershockError, messageOf } from "../errors.ts";
import { decodeUtf8, readPlainYaml } from "../experiment/plain-yaml.ts";
import { configSchema, type Config } from "./schema.ts";

/** Larger files are no configuration of ours. */
const maxBytes = 256 * 1024;

/** What only the environment may hold. */
export interface Secrets {
  databaseUrl: string;
  redisUrl: string;
  slackBotToken: string;
  /** Socket Mode. */
  slackAppToken?: string;
  /** HTTP mode. */
  slackSigningSecret?: string;
}

export interface LoadedConfig {
  config: Config;
  secrets: Secrets;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks a configuration file and the environment. Throws AftershockError `bad_config` naming the key. */
export function loadConfig(file: string, environment: Environment): LoadedConfig {
  let text: string | undefined;
  try {
    text = decodeUtf8(readFileSync(file));
  } catch (error) {
    throw bad(file, messageOf(error), "Give its path: --config aftershock.yaml");
  }
  if (text === undefined) throw bad(file, "not UTF-8", docsHint);
  return parseConfig(text, file, environment);
}

/** The pure part of `loadConfig`. */
export function parseConfig(text: string, file: string, environment: Environment): LoadedConfig {
  const yaml = readPlainYaml(text, maxBytes);
  if (!yaml.ok) throw bad(yaml.line === null ? file : `${file}:${yaml.line}`, yaml.why, docsHint);
  const parsed = configSchema.safeParse(yaml.value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "file"}: ${issue.message}`);
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
  return { config, secrets: readSecrets(config, environment) };
}

const docsHint = "See the commented example in deploy/aftershock.example.yaml";

/** So many mistakes are named at once; a person mends those first. */
const mostNamed = 8;

function named(issues: readonly string[]): string {
  const more = issues.length - mostNamed;
  return [...issues.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function readSecrets(config: Config, environment: Environment): Secrets {
  const need = (name: string, why: string): string => {
    const value = environment[name];
    if (value !== undefined && value !== "") return value;
    throw bad("environment", `${name} is not set (${why})`, `Set it, for example: export ${name}=…`);
  };
  const databaseUrl = withScheme(
    config.postgres?.url ?? need("DATABASE_URL", "PostgreSQL of the bot; or postgres.url"),
    config.postgres === undefined ? "DATABASE_URL" : "postgres.url",
    ["postgres", "postgresql"],
  );
  const redisUrl = withScheme(
    config.redis?.url ?? need("REDIS_URL", "Redis of the queue; or redis.url"),
    config.redis === undefined ? "REDIS_URL" : "redis.url",
    ["redis", "rediss"],
  );
  const slackBotToken = need("SLACK_BOT_TOKEN", "the bot token, xoxb-…");
  return config.slack.mode === "socket"
    ? { databaseUrl, redisUrl, slackBotToken, slackAppToken: need("SLACK_APP_TOKEN", "Socket Mode, xapp-…") }
    : { databaseUrl, redisUrl, slackBotToken, slackSigningSecret: need("SLACK_SIGNING_SECRET", "HTTP mode") };
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

function bad(where: string, why: string, hint: string): AftershockError {
  return new AftershockError("bad_config", `${where}: ${why}.`, hint);
}
