import { parseArgs } from "node:util";
import { AftershockError } from "../../errors.ts";
import { nearest } from "../../experiment/nearest.ts";
import type { RunRequest } from "../../run/service.ts";
import { allowable, type Allowable } from "./outcome.ts";

export const usage = `Usage: aftershock run EXPERIMENT [KEY=VALUE…] --yes [--cluster NAME] [options]

Runs an experiment without Slack: this process asks for it as a pipeline, conducts it, prints it as it goes, and ends with
a code that says how it came out. The same policy holds as in Slack: a rule must name the pipeline among its requesters
("pipeline:ci"). Where the rule needs approvals, people give them in Slack, and this waits.

  EXPERIMENT [KEY=VALUE…]  as in /chaos run, e.g. redis-split-brain duration=30s
  --cluster NAME     of the configuration (default: its defaultCluster)
  --profile NAME     a profile of the experiment (default: the configuration's defaultProfile)
  --yes              starts without asking; without it the plan is shown and a person is asked
  --dry-run          shows what would be done; records and touches nothing
  --as NAME          which pipeline asks (default: ci)
  --channel C…       a Slack channel to tell it in as well; needed where people must approve
  --allow LIST       ends that shall not fail: refuted, inconclusive, or both with a comma
  --junit FILE       writes JUnit XML: the verdicts and guards as test cases
  --json FILE        writes the result and the whole report as JSON
  --report DIR       writes report.html, report.md, report.json, charts and history
  --config FILE      configuration (default: aftershock.yaml); slack: { mode: none } where there is no Slack
  --log FILE         writes the log there (default: warnings to standard error)

Secrets come from the environment: DATABASE_URL (PostgreSQL of the bot, or one for pipelines alone). Neither Redis nor a
Slack token is needed. Ctrl-C and SIGTERM stop the run and heal it first; what is killed outright is healed by a worker, by the
next aftershock run, or by aftershock heal.

Exit codes: 0 the hypothesis held (or --allow), 1 it could not be run, 2 wrong usage or configuration, 3 refuted,
4 inconclusive, 5 aborted, failed or interrupted, 6 cleanup unverified: a fault may remain, 7 the policy, a person or a
halt does not allow it, 130 stopped by a signal, and healed.
`;

export interface RunOptions {
  request: RunRequest;
  yes: boolean;
  dryRun: boolean;
  pipeline: string;
  channel?: string;
  allowed: Allowable[];
  junit?: string;
  json?: string;
  report?: string;
  config: string;
  log?: string;
}

/** Throws AftershockError `bad_command`, and TypeError of parseArgs for options that it does not know. */
export function readRunOptions(args: readonly string[]): RunOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cluster: { type: "string" },
      profile: { type: "string" },
      yes: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      as: { type: "string", default: "ci" },
      channel: { type: "string" },
      allow: { type: "string", default: "" },
      junit: { type: "string" },
      json: { type: "string" },
      report: { type: "string" },
      config: { type: "string", default: "aftershock.yaml" },
      log: { type: "string" },
    },
  });
  const [experiment, ...typed] = positionals;
  if (experiment === undefined)
    throw bad("Which experiment?", "For example: aftershock run redis-split-brain --dry-run");
  const { cluster, profile, channel, junit, json, report, log } = values;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(values.as)) {
    throw bad(`--as ${values.as} is no name of a pipeline.`, "Lower-case letters, digits and dashes: --as nightly");
  }
  if (channel !== undefined && !/^[CG][A-Z0-9]+$/.test(channel)) {
    throw bad(
      `--channel ${channel} is no channel's id.`,
      "Slack shows it in the channel's details: --channel C0123ABCD",
    );
  }
  return {
    request: {
      experiment,
      parameters: Object.fromEntries(typed.map(parameter)),
      ...(cluster === undefined ? {} : { cluster }),
      ...(profile === undefined ? {} : { profile }),
    },
    yes: values.yes,
    dryRun: values["dry-run"],
    pipeline: values.as,
    allowed: values.allow
      .split(",")
      .filter((word) => word !== "")
      .map(allowedWord),
    config: values.config,
    ...(channel === undefined ? {} : { channel }),
    ...(junit === undefined ? {} : { junit }),
    ...(json === undefined ? {} : { json }),
    ...(report === undefined ? {} : { report }),
    ...(log === undefined ? {} : { log }),
  };
}

function parameter(typed: string): [string, string] {
  const at = typed.indexOf("=");
  if (at > 0) return [typed.slice(0, at), typed.slice(at + 1)];
  throw bad(`"${typed}" is no parameter.`, "Write NAME=VALUE, for example duration=30s");
}

function allowedWord(word: string): Allowable {
  const found = allowable.find((known) => known === word.trim());
  if (found !== undefined) return found;
  const close = nearest(word, allowable);
  throw bad(
    `--allow ${word}: only refuted and inconclusive can be allowed.`,
    close === undefined ? "For example: --allow refuted" : `Did you mean --allow ${close}?`,
  );
}

function bad(message: string, hint: string): AftershockError {
  return new AftershockError("bad_command", message, hint);
}
