import { lastResults } from "../../../src/findings/comparison/trend.ts";
import type { Experiment } from "../../../src/experiment/schema.ts";
import type { Services } from "../../../src/slack/dispatch.ts";
import type { Hostile } from "./renderers.ts";

/**
 * What is typed after the command for each verb, with the hostile text where a person can put one. A test fails when a
 * verb is missing here; a new one is a line.
 */
export const lines: Readonly<Record<string, (text: string) => readonly string[]>> = {
  abort: (text) => ["abort", `abort run-1 ${text}`],
  alarms: (text) => [
    "alarms",
    "alarms ack",
    "alarms check",
    "alarms restart",
    `alarms ${text}`,
    "alarms ack run-1",
    "alarms check run-1",
    `alarms restart run-1 ${quoted(text)}`,
    `alarms restart run-1 ${quoted(text)} --yes`,
    `alarms ${quoted(text)} run-1`,
  ],
  approve: (text) => ["approve", "approve run-1", `approve schedule-7 ${text}`],
  deny: (text) => ["deny", `deny run-1 ${text}`, "deny schedule-7"],
  export: (text) => ["export", `export ${quoted(text)}`],
  findings: (text) => ["findings", `findings ${text}`],
  halt: (text) => ["halt", `halt ${text}`],
  help: (text) => ["help", "help run", "help halt", "help getting-started", `help ${text}`],
  home: () => [""],
  list: () => ["list"],
  policy: (text) => ["policy", `policy ${quoted(text)}`, `policy a ${text}`],
  resume: (text) => ["resume", `resume ${text}`],
  revoke: (text) => ["revoke", `revoke run-1 ${text}`],
  run: (text) => [
    "run",
    `run ${text}`,
    `run ${quoted(text)}`,
    `run ${quoted(text)} --dry-run`,
    `run a ${text}=${quoted(text)}`,
  ],
  schedule: (text) => ["schedule", `schedule ${text}`, `schedule ${quoted(text)} "0 6 * * 0" tz=${quoted(text)}`],
  schedules: (text) => ["schedules", "schedules 7", `schedules ${quoted(text)}`],
  show: (text) => ["show", `show ${quoted(text)}`],
  status: (text) => ["status", `status ${quoted(text)}`],
  unschedule: (text) => ["unschedule", `unschedule ${text}`],
};

const quoted = (text: string): string => `"${text.replaceAll('"', "")}"`;

/** A scripted double of the services, which finds everything and answers with hostile content in every state. */
export function hostileServices(
  { text, runs, events, schedules, standings, alarms, pastRuns, policy, explanations, overviews }: Hostile,
  at: number,
  experiments: readonly Experiment[],
): Services {
  const pick = <T>(all: readonly T[]): T => all[at % all.length] as T;
  const run = pick(runs);
  const schedule = pick(schedules);
  const [experiment] = experiments;
  if (experiment === undefined) throw new Error("no experiment");
  return {
    service: {
      experiments: () => experiments,
      experiment: () => experiment,
      plan: async () => ({ plan: run.plan, digest: run.digest }),
      request: async () => run,
      approve: async () => run,
      deny: async () => run,
      abort: async () => run,
      revoke: async () => run,
      policy: () => policy,
      explain: async () => pick(explanations),
      find: async () => run,
      recent: async () => runs,
      open: async () => runs,
      events: async () => (at % 2 === 0 ? events : []),
      artifact: async () => null,
      parameterHelp: () =>
        Array.from({ length: 20 }, () => ({ name: text, default: text, range: text, description: text })),
    },
    overview: {
      admit: async () => undefined,
      look: async () => pick(overviews),
      schedules: async () => schedules,
      judged: async () => runs,
    },
    halts: {
      halt: async () => ({ ...pick(standings), heldBefore: at % 2 === 0, stopped: at }),
      resume: async () => pick(standings),
      current: async () => (at % 3 === 0 ? null : pick(standings)),
    },
    alarms: {
      open: async () => [...alarms],
      acknowledge: async () => pick(alarms).alarm,
      check: async () => pick(alarms).alarm,
      restart: async () => undefined,
      describeRestart: async () => text,
    },
    exports: {
      request: async () => ({
        runId: run.id,
        channelId: run.channelId,
        file: text,
        bytes: at,
        sha256: text,
        files: Array.from({ length: 20 }, () => ({ name: text, bytes: at })),
      }),
      candidates: async () => runs,
    },
    past: {
      lastResults: async () => (at % 3 === 0 ? [] : lastResults(pastRuns)),
      runs: async () => (at % 3 === 0 ? [] : [...pastRuns]),
    },
    schedules: {
      request: async () => schedule,
      approve: async () => schedule,
      deny: async () => schedule,
      cancel: async () => schedule,
      open: async () => schedules,
    },
  };
}
