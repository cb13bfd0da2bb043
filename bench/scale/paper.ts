import { documentedRates } from "../../src/slack/rates.ts";
import { number, perSecond, type Span } from "./figures.ts";
import type { RealRuns } from "./real-runs.ts";

/** What one run took, without what the processes take when idle. */
export interface PerRun {
  seconds: number;
  workerCpuMs: number;
  botCpuMs: number;
  transactions: number;
  rowsWritten: number;
  walBytes: number;
  /** That stay, in tables and indexes. */
  bytes: number;
  redisCommands: number;
  apiCalls: number;
  slackCalls: Readonly<Record<string, number>>;
  /** Messages that change after they were posted: the fewest edits that leave every message with its last word. */
  editedMessages: number;
}

export function perRunOf(runs: RealRuns, idle: Span): PerRun {
  const { before, after, count } = runs;
  const [took, rest] = [perSecond({ before, after }), perSecond(idle)];
  const net = (name: keyof typeof took): number => ((took[name] - rest[name]) * runs.seconds) / count;
  const methods = Object.keys(after.slackCalls);
  return {
    seconds: runs.ranMs.reduce((sum, ms) => sum + ms, 0) / runs.ranMs.length / 1000,
    workerCpuMs: net("workerCpuMs"),
    botCpuMs: net("botCpuMs"),
    transactions: net("transactions"),
    rowsWritten: net("rowsWritten"),
    walBytes: net("walBytes"),
    bytes: Object.values(runs.tables).reduce((sum, { bytes }) => sum + bytes, 0) / count,
    redisCommands: net("redisCommands"),
    apiCalls: net("apiCalls"),
    editedMessages: runs.editedMessages / count,
    slackCalls: Object.fromEntries(
      methods.map((name) => [name, ((after.slackCalls[name] ?? 0) - (before.slackCalls[name] ?? 0)) / count]),
    ),
  };
}

const runsADay = 10_000;
const spread = { "over 24 hours": 24, "within 8 hours": 8 } as const;
/** `worker.concurrency` as it is set by default. */
const concurrency = 4;

/** 10,000 runs a day by what one took; the arithmetic is in the second column. */
export function paperLines(run: PerRun): string[] {
  const perSecondOver = (hours: number): number => runsADay / (hours * 3600);
  const row = (what: string, how: string, of: (each: number) => string): string =>
    `| ${what} | ${how} | ${Object.values(spread)
      .map((hours) => of(perSecondOver(hours)))
      .join(" | ")} |`;
  const rate = (value: number) => (each: number) => `${number(each * value, 1)} /s`;
  const minute = (value: number) => (each: number) => `${number(each * value * 60)} /min`;
  const calls = (...names: string[]): number => names.reduce((sum, name) => sum + (run.slackCalls[name] ?? 0), 0);
  const [posts, edits, files] = [calls("chat.postMessage"), calls("chat.update"), calls("files.getUploadURLExternal")];
  const fixed = (value: number): string => `${number(value / 2 ** 30, 1)} GiB a day`;
  const long = 300;
  return [
    `| 10,000 runs a day | how | ${Object.keys(spread).join(" | ")} |`,
    "| --- | --- | --- | --- |",
    row("runs that begin", "λ", (each) => `${number(each, 3)} /s`),
    row("at once, as long as measured", `λ × ${number(run.seconds)} s`, (each) => number(each * run.seconds, 1)),
    row("at once, five minutes long", `λ × ${long} s`, (each) => number(each * long)),
    row("workers for those", `÷ worker.concurrency (${concurrency}), one to spare`, (each) =>
      number(Math.ceil((each * long) / concurrency) + 1),
    ),
    row("cores for workers", `λ × ${number(run.workerCpuMs)} ms`, (each) => number((each * run.workerCpuMs) / 1000, 2)),
    row("cores for bots", `λ × ${number(run.botCpuMs)} ms`, (each) => number((each * run.botCpuMs) / 1000, 2)),
    row("PostgreSQL, transactions", `λ × ${number(run.transactions)}`, rate(run.transactions)),
    row("PostgreSQL, rows written", `λ × ${number(run.rowsWritten)}`, rate(run.rowsWritten)),
    row("PostgreSQL, WAL", `10,000 × ${number(run.walBytes / 1024)} KiB`, () => fixed(runsADay * run.walBytes)),
    row("PostgreSQL, kept", `10,000 × ${number(run.bytes / 1024)} KiB`, () => fixed(runsADay * run.bytes)),
    row("Redis, commands", `λ × ${number(run.redisCommands, 1)}`, rate(run.redisCommands)),
    row("Kubernetes API, calls", `λ × ${number(run.apiCalls)}, over all clusters`, rate(run.apiCalls)),
    row("Slack, messages", `λ × ${number(posts, 1)}, over all channels`, rate(posts)),
    row("Slack, channels that those need", `÷ one a ${documentedRates.posts.everyMs / 1000} s`, (each) =>
      number(Math.ceil((each * posts * documentedRates.posts.everyMs) / 1000)),
    ),
    row("Slack, edits, if none were left out", `λ × ${number(edits, 1)}`, minute(edits)),
    row(
      "Slack, edits that are allowed",
      "rates.ts, all channels",
      () => `${number(60_000 / documentedRates.edits.everyMs)} /min`,
    ),
    row(
      "Slack, edits, each message's last word alone",
      `λ × ${number(run.editedMessages, 1)}`,
      minute(run.editedMessages),
    ),
    row("Slack, edits left for each run", "allowed ÷ runs that begin", (each) =>
      number(1000 / documentedRates.edits.everyMs / each, 1),
    ),
    row(
      "Slack, files",
      `λ × ${number(files, 1)}; ${number(60_000 / documentedRates.files.everyMs)} /min are allowed`,
      minute(files),
    ),
  ];
}
