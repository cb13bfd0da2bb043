import { parseArgs } from "node:util";
import { readCatalogue } from "../compose/foundation.ts";
import { databaseUrlOf, loadConfigFile, redisUrlOf } from "../config/load.ts";
import { readProbeSecrets, readSecret, type Environment } from "../config/secret.ts";
import { readGrafana, readWatching } from "../config/watching.ts";
import type { Config } from "../config/schema.ts";
import { AftershockError } from "../errors.ts";
import type { Experiment } from "../experiment/schema.ts";
import { createHiding } from "../redact.ts";
import { accounts } from "../rbac/right.ts";
import { isEnabled } from "../run/where-allowed.ts";
import type { CliCommand } from "./cli-command.ts";
import { ask } from "./doctor/ask.ts";
import { countLines, exitCodeOf, groupsAsJson, printGroups } from "./doctor/print.ts";
import { runChecks } from "./doctor/run-checks.ts";
import { checkGroups } from "./doctor/table.ts";
import { knownSecrets } from "./log.ts";
import { provideProbeSecrets } from "./probe-secrets.ts";

const usage = `Usage: aftershock doctor [--config FILE] [--cluster NAME]… [--role bot|worker] [--channel ID]… [--logins]
                         [--strict] [--json]

Asks everything that the service needs whether it is as it should be, and changes nothing: tokens, scopes and channels of
Slack; PostgreSQL; Redis; each cluster's API server, the account's rights verb by verb, Chaos Mesh, its daemons and the
architecture on the nodes of the targets; the pods, Secrets and certificates of the targets that the configuration
describes; Prometheus, Alertmanager and the stop conditions that ask them; Grafana and the collector of traces; clocks.
Below what is not well stands the command that mends it.

  ✔ as it should be   ✘ wrong   ! works, and could be better   ? could not be seen from here

  --config FILE    configuration (default: aftershock.yaml); secrets as for aftershock start, docs/doctor.md
  --cluster NAME   only this cluster of it; may be repeated (default: all)
  --role ROLE      whose rights the kubeconfig must have: bot or worker, which have accounts of their own. Left out: one of
                   the two must be whole
  --channel ID     a channel in which the bot must be, such as C0123ABCD; may be repeated
  --logins         also opens each of clusters.NAME.targets as a dry run does: connects to its servers, logs in, and
                   writes nothing
  --strict         ! and ? also count as something to mend
  --json           for programs

Exit codes: 0 nothing is wrong, 1 something is to be mended, 2 nothing could be asked: wrong usage or configuration.
`;

/** Longest that one check takes; starting a system of the lab by listing its pods takes most of it. */
const checkWithinMs = 25_000;

/** `aftershock doctor`: what the service needs, looked at before it is started, or when it does not work. */
export const doctor: CliCommand = {
  name: "doctor",
  summary: "says what is wrong with Slack, PostgreSQL, Redis or a cluster, and what mends it",
  usage,
  run: async (args, terminal) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string", default: "aftershock.yaml" },
        cluster: { type: "string", multiple: true },
        role: { type: "string" },
        channel: { type: "string", multiple: true, default: [] },
        logins: { type: "boolean", default: false },
        strict: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const role = accounts.find((known) => known === values.role) ?? null;
    if (values.role !== undefined && role === null) {
      throw wrongUsage(`There is no role "${values.role}".`, `Roles: ${accounts.join(", ")}.`);
    }
    const config = loadConfigFile(values.config);
    const { env: environment } = terminal;
    const hiding = createHiding(secretsOf(config, values.config, environment));
    // Where the probes look for them, as in a worker.
    if (values.logins) orNothing(() => provideProbeSecrets(environment));
    const { asked, close } = ask({
      configFile: values.config,
      config,
      environment,
      experiments: await enabledExperiments(config),
      role,
      channels: values.channel,
      clusters: clustersOf(config, values.cluster),
      logins: values.logins ? "try" : "leave",
      hiding,
    });
    try {
      const groups = await runChecks(checkGroups(asked), asked, checkWithinMs);
      const secrets = hiding.known();
      terminal.out(values.json ? groupsAsJson(groups, secrets) : printGroups(groups, secrets));
      return exitCodeOf(countLines(groups), values.strict ? "strict" : "wrong");
    } finally {
      await close();
    }
  },
};

/** Throws AftershockError `bad_config` for what ends the service's start. */
async function enabledExperiments(config: Config): Promise<Experiment[]> {
  const { loaded, allowed } = await readCatalogue(config);
  return loaded.filter(({ name }) => isEnabled(allowed, name));
}

function clustersOf(config: Config, typed: readonly string[] | undefined): string[] {
  const known = Object.keys(config.clusters);
  const strange = typed?.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw wrongUsage(`There is no cluster "${strange}".`, `Known clusters: ${known.join(", ")}.`);
  }
  return typed === undefined ? known : [...new Set(typed)];
}

/** What cannot be read is said by the check of the configuration. */
function orNothing<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Every secret that can be read, for the output to leave out; what cannot be read cannot be shown. */
function secretsOf(config: Config, file: string, environment: Environment): string[] {
  const secret = (name: string): string | undefined => orNothing(() => readSecret(environment, name));
  const found = {
    databaseUrl: orNothing(() => databaseUrlOf(environment, file)),
    redisUrl: orNothing(() => redisUrlOf(config, environment)),
    slackBotToken: secret("SLACK_BOT_TOKEN"),
    slackAppToken: secret("SLACK_APP_TOKEN"),
    slackSigningSecret: secret("SLACK_SIGNING_SECRET"),
    watching: orNothing(() => readWatching(config.clusters, environment).watching),
    grafana: orNothing(() => readGrafana(config.grafana, environment).grafana),
  };
  const known = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return knownSecrets(known, orNothing(() => readProbeSecrets(environment)) ?? {}).filter((value) => value !== "");
}

function wrongUsage(sentence: string, hint: string): AftershockError {
  return new AftershockError("bad_command", sentence, hint);
}
