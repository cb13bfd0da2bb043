import { parseArgs } from "node:util";
import { isTerminal, type RunState } from "../run/lifecycle.ts";
import { isAftershockError } from "../errors.ts";
import { approver, ask, cardOf, click, requester, threadOf, untilMessage } from "./run-drive.ts";
import { watchInterrupts, type Interrupt } from "./interrupt.ts";
import { parsePatroniDcs, type PatroniDcs } from "../lab/systems/patroni-dcs.ts";
import { workspace, type LocalMessage, type LocalSlack } from "./local-slack.ts";
import { runResult, writeReportFiles } from "./report-files.ts";
import { withLabTargets } from "./lab-targets.ts";
import { startStack, type Stack } from "./stack.ts";
import { messageLines } from "../terminal/plain-text.ts";
import { createThreadPrinter, type Screen } from "../terminal/thread-printer.ts";

const usage = `Usage: npm run demo -- [EXPERIMENT] [options]

Starts everything on this machine (Redis and Sentinel in the lab, a local Slack, bot, worker), asks for a run as one
person, approves it as another, and prints the thread as it grows. Leaves nothing behind.

  EXPERIMENT         default: redis-split-brain
  --set KEY=VALUE    a parameter of the experiment; may be repeated, e.g. --set duration=20s
  --report DIR       write report.html, report.md, report.json, charts and history.jsonl there
  --patroni-dcs NAME clean (default), or etcd3: the driver that loses writes after a partition before Patroni 3.0.3;
                     endpoints or configmap: the lock in the lab's Kubernetes API
  --timeout SECONDS  give up after this long (default 180)
  --plain            no colours, no rewritten progress line
  --keep-logs        keep the temporary folder with all logs, and print its path
  --help             this text

Exit codes: 0 the run completed and its cleanup is verified, whatever the hypothesis did; 1 anything else;
2 wrong usage, or something is missing; 130 stopped by Ctrl-C.
Ctrl-C (or SIGTERM) asks for an abort, waits until the fault is healed, and stops everything; a second one does not wait.
`;

const interruptedCode = 130;
/** How long an aborted run may take to heal and to prove it. */
const abortDeadlineMs = 45_000;

interface Options {
  experiment: string;
  parameters: string[];
  report?: string;
  patroniDcs: PatroniDcs;
  timeoutMs: number;
  plain: boolean;
  keepLogs: boolean;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return process.exitCode === 2 ? 2 : 0;
  const startedAt = performance.now();
  const elapsed = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  let stack: Stack | undefined;
  const interrupt = watchInterrupts(
    process,
    () => performance.now(),
    () => {
      process.stdout.write("\nStopping at once.\n");
      stack?.hurry();
    },
  );
  process.stdout.write("Starting:\n");
  try {
    stack = await startStack({
      configure: withLabTargets,
      onReady: (what, afterMs) => process.stdout.write(`  ${what}: ${(afterMs / 1000).toFixed(1)} s\n`),
      keepLogs: options.keepLogs,
      patroniDcs: options.patroniDcs,
    });
    if (interrupt.wish() !== "none") return interruptedCode;
    process.stdout.write(`Everything runs after ${elapsed()}. The channel is at ${stack.slack.url}\n\n`);
    const code = await play(stack, options, interrupt);
    if (code !== interruptedCode) process.stdout.write(`\n${elapsed()} from start to findings.\n`);
    return code;
  } finally {
    const directory = stack?.directory;
    await stack?.stop();
    if (options.keepLogs && directory !== undefined) process.stdout.write(`Logs are in ${directory}\n`);
  }
}

/** Asks, approves, prints until the run has ended, and writes the report. Returns the exit code. */
async function play(stack: Stack, options: Options, interrupt: Interrupt): Promise<number> {
  const names = new Map<string, string>([
    ...workspace.people.map(({ id, real_name }) => [id, real_name] as const),
    [workspace.bot.userId, "aftershock"],
  ]);
  const started = await Promise.race([askAndApprove(stack.slack, options, names), interrupt.stopWished]);
  // Interrupted before the approval: nothing was injected.
  if (started === undefined) return interruptedCode;
  if (started === null) return 1;
  const { runId } = started;
  const ended = await follow(stack, started, options, { names, interrupt });
  const result = await runResult(stack.postgres.url, runId);
  if (ended === "late")
    process.stdout.write(`\nNo end after ${options.timeoutMs / 1000} s: the run is ${result.state}.\n`);
  if (options.report !== undefined && ended !== "left") {
    const files = await writeReportFiles(stack.postgres.url, runId, options.report);
    if (files.length > 0) process.stdout.write(`\nWritten: ${files.join(", ")}\n`);
  }
  process.stdout.write(
    `\n${runId}: run ${result.state}, hypothesis ${result.hypothesis ?? "unknown"}, cleanup ${result.cleanup ?? "unknown"}\n`,
  );
  if (interrupt.wish() !== "none") return interruptedCode;
  return result.state === "completed" && result.cleanup === "verified" ? 0 : 1;
}

interface StartedRun {
  runId: string;
  card: LocalMessage;
}

/** Null when the bot refused the command; its answer has been printed. */
async function askAndApprove(
  slack: LocalSlack,
  options: Options,
  names: ReadonlyMap<string, string>,
): Promise<StartedRun | null> {
  const text = ["run", options.experiment, ...options.parameters].join(" ");
  process.stdout.write(`${requester.real_name}: /chaos ${text}\n`);
  const answer = await ask(slack, requester.id, text);
  for (const line of messageLines(answer, names)) process.stdout.write(`  ${line}\n`);
  const runId = /run-\d+/.exec(answer.text ?? "")?.[0];
  if (runId === undefined) return null;
  const card = await untilMessage(slack, (message, all) => cardOf(all, runId)?.ts === message.ts, 10_000);
  process.stdout.write(`${approver.real_name} clicks Approve\n\n`);
  await click(slack, approver.id, card, "approve");
  return { runId, card };
}

/**
 * Prints the thread until the run has ended and all of it is told. At the first Ctrl-C the requester asks for an
 * abort, and the thread goes on until the run is healed (`ended`); at the second, `left`. `late`: no end in time.
 */
async function follow(
  stack: Stack,
  { runId, card }: StartedRun,
  options: Options,
  { names, interrupt }: { names: ReadonlyMap<string, string>; interrupt: Interrupt },
): Promise<"ended" | "late" | "left"> {
  const { slack, postgres } = stack;
  const printer = createThreadPrinter(screenOf(options), names, () => performance.now());
  let end = performance.now() + options.timeoutMs;
  let aborting = false;
  let terminalAt: number | null = null;
  let outcome: "ended" | "late" | "left" | null = null;
  while (outcome === null) {
    const thread = threadOf(await slack.messages(), card);
    printer.show(thread);
    if (interrupt.wish() === "stop" && !aborting) {
      aborting = true;
      end = performance.now() + abortDeadlineMs;
      process.stdout.write(`\n${requester.real_name}: /chaos abort ${runId}\n`);
      // A run that has just ended refuses it, which is as good.
      await slack.command(requester.id, "/chaos", `abort ${runId}`);
    }
    const { state } = await runResult(postgres.url, runId);
    if (isTerminal(state as RunState)) terminalAt ??= performance.now();
    const told = thread.some((message) => message.files?.some((file) => file.name === "report.json"));
    // A run that was stopped early may have no report.
    const settled = terminalAt !== null && (told || performance.now() - terminalAt > settleMs(state));
    if (settled) outcome = "ended";
    else if (interrupt.wish() === "hurry") outcome = "left";
    else if (performance.now() > end) outcome = "late";
    else await new Promise((resolve) => setTimeout(resolve, 150));
  }
  printer.finish(outcome === "left" ? [] : threadOf(await slack.messages(), card));
  return outcome;
}

/** How long the last messages may take once the run has ended: a completed run always has a report to tell. */
function settleMs(state: string): number {
  return state === "completed" ? 30_000 : 3000;
}

function screenOf(options: Options): Screen {
  const interactive = process.stdout.isTTY && !options.plain;
  return {
    write: (text) => void process.stdout.write(text),
    columns: process.stdout.columns ?? 120,
    interactive,
    colour: interactive && process.env["NO_COLOR"] === undefined,
  };
}

function readOptions(): Options | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        set: { type: "string", multiple: true, default: [] },
        report: { type: "string" },
        "patroni-dcs": { type: "string", default: "clean" },
        timeout: { type: "string", default: "180" },
        plain: { type: "boolean", default: false },
        "keep-logs": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      return null;
    }
    const timeoutMs = Number(values.timeout) * 1000;
    if (!(timeoutMs > 0)) throw new Error(`--timeout ${values.timeout}: it must be a number of seconds, such as 180`);
    if (positionals.length > 1) throw new Error(`one experiment at a time, not ${positionals.join(" ")}`);
    const odd = values.set.find((text) => !/^[\w.-]+=/.test(text));
    if (odd !== undefined) throw new Error(`--set ${odd}: it must be KEY=VALUE, such as duration=20s`);
    return {
      experiment: positionals[0] ?? "redis-split-brain",
      parameters: values.set,
      ...(values.report === undefined ? {} : { report: values.report }),
      patroniDcs: parsePatroniDcs(values["patroni-dcs"]),
      timeoutMs,
      plain: values.plain,
      keepLogs: values["keep-logs"],
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return null;
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const text = isAftershockError(error)
      ? `${error.message}\n${error.hint}`
      : String(error instanceof Error ? error.message : error);
    process.stderr.write(`${text}\n`);
    process.exit(isAftershockError(error) ? 2 : 1);
  },
);
