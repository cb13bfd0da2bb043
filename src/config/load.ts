import { readFileSync } from "node:fs";
import { LineCounter, parseDocument } from "yaml";
import { AftershockError, messageOf } from "../errors.ts";
import { configSchema, type Config } from "./schema.ts";

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
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw bad(file, messageOf(error), "Give its path: --config aftershock.yaml");
  }
  return parseConfig(text, file, environment);
}

/** The pure part of `loadConfig`. */
export function parseConfig(text: string, file: string, environment: Environment): LoadedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problem = document.errors[0];
  if (problem !== undefined) {
    throw bad(`${file}:${lines.linePos(problem.pos[0]).line}`, problem.message.split("\n")[0] ?? "not YAML", docsHint);
  }
  const parsed = configSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "file"}: ${issue.message}`);
    throw bad(file, issues.join("; "), docsHint);
  }
  const config = parsed.data;
  if (config.clusters[config.defaultCluster] === undefined) {
    throw bad(
      file,
      `defaultCluster: there is no cluster "${config.defaultCluster}"`,
      `Known clusters: ${Object.keys(config.clusters).join(", ")}.`,
    );
  }
  if ((config.approvals === undefined) === (config.policies === undefined)) {
    const why =
      config.policies === undefined ? "nothing says who may approve" : "approvals and policies are both there";
    throw bad(file, `policies: ${why}`, "Give approvals (the simple form) or policies, one of the two.");
  }
  return { config, secrets: readSecrets(config, environment) };
}

const docsHint = "See the commented example in deploy/aftershock.example.yaml";

function readSecrets(config: Config, environment: Environment): Secrets {
  const need = (name: string, why: string): string => {
    const value = environment[name];
    if (value !== undefined && value !== "") return value;
    throw bad("environment", `${name} is not set (${why})`, `Set it, for example: export ${name}=…`);
  };
  const databaseUrl = config.postgres?.url ?? need("DATABASE_URL", "PostgreSQL of the bot; or postgres.url");
  const redisUrl = config.redis?.url ?? need("REDIS_URL", "Redis of the queue; or redis.url");
  const slackBotToken = need("SLACK_BOT_TOKEN", "the bot token, xoxb-…");
  return config.slack.mode === "socket"
    ? { databaseUrl, redisUrl, slackBotToken, slackAppToken: need("SLACK_APP_TOKEN", "Socket Mode, xapp-…") }
    : { databaseUrl, redisUrl, slackBotToken, slackSigningSecret: need("SLACK_SIGNING_SECRET", "HTTP mode") };
}

function bad(where: string, why: string, hint: string): AftershockError {
  return new AftershockError("bad_config", `${where}: ${why}.`, hint);
}
