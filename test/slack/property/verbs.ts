import { lastResults } from "../../../src/findings/comparison/trend.ts";
import { historyOf } from "../../../src/findings/comparison/history.ts";
import { pairOf } from "../../../src/findings/comparison/pair.ts";
import type { Experiment } from "../../../src/experiment/schema.ts";
import type { Services } from "../../../src/slack/dispatch.ts";
import { actionsAt } from "./action-samples.ts";
import { someRetrospectives } from "./retrospective-renderers.ts";
import { someGameDays } from "./gameday-renderers.ts";
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
  actions: (text) => [
    "actions",
    "actions all",
    `actions ${quoted(text)}`,
    "actions 1",
    `actions done 1 ${text}`,
    `actions drop 1 why=${quoted(text)}`,
    `actions edit 1 title=${quoted(text)} owner=${quoted(text)} due=${quoted(text)}`,
    `actions add run-1 ${quoted(text)} owner=${quoted(text)}`,
    `actions add ${quoted(text)} due=${quoted(text)}`,
  ],
  approve: (text) => ["approve", "approve run-1", `approve schedule-7 ${text}`],
  channel: (text) => ["channel", "channel quiet", `channel verbosity=${quoted(text)}`, `channel ${quoted(text)}`],
  deny: (text) => ["deny", `deny run-1 ${text}`, "deny schedule-7"],
  export: (text) => ["export", `export ${quoted(text)}`],
  findings: (text) => ["findings", `findings ${text}`],
  gameday: (text) => [
    "gameday",
    `gameday ${text}`,
    "gameday status gameday-1",
    `gameday status ${quoted(text)}`,
    `gameday plan title=${quoted(text)} agenda="redis-split-brain" date=${quoted(text)}`,
    `gameday plan title=t agenda=${quoted(text)} rule=${quoted(text)}`,
    `gameday add redis-split-brain expect=${quoted(text)}`,
    `gameday role ${quoted(text)} ${quoted(text)}`,
    `gameday ready no ${text}`,
    "gameday join",
    "gameday start",
    "gameday next",
    `gameday next ${quoted(text)}`,
    `gameday vote no-go ${text}`,
    `gameday vote ${quoted(text)}`,
    `gameday predict refuted some item=${quoted(text)}`,
    `gameday predict ${quoted(text)}`,
    "gameday see",
    `gameday skip ${text}`,
    `gameday note ${text}`,
    `gameday halt ${text}`,
    `gameday end ${text}`,
    "gameday retro",
    `gameday retro ${quoted(text)}`,
  ],
  halt: (text) => ["halt", `halt ${text}`],
  help: (text) => ["help", "help run", "help halt", "help getting-started", `help ${text}`],
  compare: (text) => ["compare", "compare run-1", "compare run-1 run-2", `compare ${quoted(text)} ${quoted(text)}`],
  history: (text) => [
    "history",
    "history a",
    `history ${quoted(text)}`,
    `history a cluster=${quoted(text)}`,
    `history a last=${quoted(text)}`,
  ],
  home: () => [""],
  list: () => ["list"],
  note: (text) => ["note", "note 12", `note ${text}`, `note run-1 ${quoted(text)}`],
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
  {
    text,
    runs,
    events,
    schedules,
    standings,
    alarms,
    pastRuns,
    policy,
    explanations,
    overviews,
    actions,
    actionEvents,
    report,
  }: Hostile,
  at: number,
  experiments: readonly Experiment[],
): Services {
  const pick = <T>(all: readonly T[]): T => all[at % all.length] as T;
  const run = pick(runs);
  const schedule = pick(schedules);
  const day = pick(someGameDays(text));
  const [experiment] = experiments;
  if (experiment === undefined) throw new Error("no experiment");
  return {
    service: {
      experiments: () => experiments,
      choices: () => ({ clusters: [text, "lab"], defaultCluster: "lab", defaultProfile: text }),
      experiment: () => experiment,
      plan: async () => ({ plan: run.plan, digest: run.digest }),
      request: async () => run,
      approve: async () => run,
      deny: async () => run,
      abort: async () => run,
      note: async () => run,
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
      experiments: async () =>
        at % 3 === 0 ? [] : pastRuns.map(({ endedAt }) => ({ experiment: text, runs: at, lastEndedAt: endedAt })),
      history: async () => (at % 3 === 0 ? null : historyOf(text, pastRuns)),
      compare: async () => pairOf(report, report, pastRuns),
      share: async () => "picture-1",
      lastResults: async () => (at % 3 === 0 ? [] : lastResults(pastRuns)),
      runs: async () => (at % 3 === 0 ? [] : [...pastRuns]),
    },
    channels: {
      setting: async () => (at % 2 === 0 ? null : { verbosity: "quiet", by: "U0BOB", at: run.createdAt }),
      setVerbosity: async () => ({ verbosity: "full", by: "U0BOB", at: run.createdAt }),
    },
    actions: {
      open: async () => ({ actions: at % 3 === 0 ? [] : [...actions], count: at % 3 === 0 ? 0 : 40, at: actionsAt }),
      find: async () => ({ action: pick(actions), events: [...actionEvents], at: actionsAt }),
      findings: async () => ({ runId: "run-1", findings: report.findings }),
      add: async () => pick(actions),
      change: async () => pick(actions),
      done: async () => pick(actions),
      drop: async () => pick(actions),
    },
    gameDays: {
      plan: async () => day,
      add: async () => ({ day, events: [] }),
      act: async () => ({ day, events: at % 2 === 0 ? [] : [{ type: "joined", by: "U0BOB" }] }),
      halted: async () => day,
      open: async () => (at % 3 === 0 ? null : day),
      find: async () => day,
      retrospective: async () => (at % 3 === 0 ? null : pick(someRetrospectives(text))),
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
