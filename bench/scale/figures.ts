import { latencies } from "./cost.ts";
import type { Reading } from "./meters.ts";
import type { PerRun } from "./paper.ts";
import type { RealRuns } from "./real-runs.ts";

/** One line of the page. `load`: of the machine when it was measured. */
export interface Figure {
  what: string;
  value: string;
  load: string;
}

export interface Span {
  before: Reading;
  after: Reading;
}

const counters = [
  "botCpuMs",
  "workerCpuMs",
  "transactions",
  "rowsWritten",
  "walBytes",
  "redisCommands",
  "apiCalls",
] as const;
type Counter = (typeof counters)[number];

/** What a span took of each counter, in one second. */
export function perSecond({ before, after }: Span): Record<Counter, number> {
  const seconds = (after.atMs - before.atMs) / 1000;
  return Object.fromEntries(counters.map((name) => [name, (after[name] - before[name]) / seconds])) as Record<
    Counter,
    number
  >;
}

export function idleText(span: Span): string {
  const each = perSecond(span);
  return (
    `bot ${each.botCpuMs.toFixed(1)} ms CPU, all workers ${each.workerCpuMs.toFixed(1)} ms CPU, ` +
    `${each.transactions.toFixed(1)} transactions, ${(each.walBytes / 1024).toFixed(1)} KiB WAL, ` +
    `${each.redisCommands.toFixed(1)} Redis commands, ${each.apiCalls.toFixed(1)} calls to the API servers`
  );
}

export const number = (value: number, digits = 0): string =>
  value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });

export function runLines(runs: RealRuns, run: PerRun, shape: string): Array<Omit<Figure, "load">> {
  const { rssMiB, tables } = runs;
  const total = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0);
  const grew = total(rssMiB.most.workers) - total(rssMiB.before.workers);
  const biggest = Object.entries(tables).toSorted(([, a], [, b]) => b.bytes - a.bytes);
  return [
    {
      what: `${runs.count} real runs; ${shape}`,
      value: `in ${number(runs.seconds)} s, at most ${runs.atOnce} at once: ${Object.entries(runs.ended)
        .map(([what, times]) => `${times} × ${what}`)
        .join(", ")}`,
    },
    { what: "from the command to its answer", value: latencies(runs.answeredMs) },
    { what: "from the approval to the worker's first step", value: latencies(runs.startedMs) },
    { what: "length of a run, from that step to its end", value: latencies(runs.ranMs) },
    { what: "a run: processor time", value: `worker ${number(run.workerCpuMs)} ms, bot ${number(run.botCpuMs)} ms` },
    {
      what: "a run: memory",
      value:
        `workers ${rssMiB.before.workers.map((rss) => number(rss)).join(" and ")} MiB before, ${rssMiB.most.workers.map((rss) => number(rss)).join(" and ")} at most: ` +
        `${number(grew / runs.atOnce)} MiB for each of ${runs.atOnce} at once; bot ${number(rssMiB.before.bot)} and ${number(rssMiB.most.bot)} MiB`,
    },
    {
      what: "a run: PostgreSQL",
      value: `${number(run.transactions)} transactions, ${number(run.rowsWritten)} rows written, ${number(run.walBytes / 1024)} KiB WAL, ${number(run.bytes / 1024)} KiB kept`,
    },
    {
      what: "a run: what is kept, with indexes",
      value: biggest
        .slice(0, 6)
        .map(
          ([name, { rows, bytes }]) =>
            `${name} ${number(bytes / 1024 / runs.count)} KiB in ${number(rows / runs.count, 1)} rows`,
        )
        .join(", "),
    },
    {
      what: "a run: Redis",
      value: `${number(run.redisCommands, 1)} commands; memory ${number(runs.redisMiB.before, 2)} MiB before, ${number(runs.redisMiB.most, 2)} at most`,
    },
    {
      what: "a run: calls to Slack, at twenty times Slack's rates",
      value: Object.entries(run.slackCalls)
        .toSorted(([, a], [, b]) => b - a)
        .map(([method, times]) => `${method} ${number(times, 1)}`)
        .join(", "),
    },
    { what: "connections to PostgreSQL, of all processes", value: `at most ${runs.connections}` },
    { what: "a run: calls to the API server", value: number(run.apiCalls) },
  ];
}
