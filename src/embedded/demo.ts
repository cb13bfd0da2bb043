import { parseArgs } from "node:util";
import { isTerminal, type RunState } from "../run/lifecycle.ts";
import { isAftershockError } from "../errors.ts";
import { approver, ask, cardOf, click, requester, threadOf, untilMessage } from "./run-drive.ts";
import { workspace } from "./local-slack.ts";
import { runResult, writeReportFiles } from "./report-files.ts";
import { startStack, type Stack } from "./stack.ts";
import { messageLines } from "./terminal/plain-text.ts";
import { createThreadPrinter, type Screen } from "./terminal/thread-printer.ts";

const usage = `Usage: npm run demo -- [EXPERIMENT] [options]

Starts everything on this machine (Redis and Sentinel in the lab, a local Slack, bot, worker), asks for a run as one
person, approves it as another, and prints the thread as it grows. Leaves nothing behind.

  EXPERIMENT         default: redis-split-brain
  --set KEY=VALUE    a parameter of the experiment; may be repeated, e.g. --set duration=20s
  --report DIR       write report.json, report.md, chart.png and history.jsonl there
  --timeout SECONDS  give up after this long (default 180)
  --plain            no colours, no rewritten progress line
  --keep-logs        keep the temporary folder with all logs, and print its path
  --help             this text

Exit codes: 0 the run completed and its cleanup is verified, whatever the hypothesis did; 1 anything else;
2 wrong usage, or something is missing; 130 stopped by Ctrl-C (after healing).
`;

interface Options {
  experiment: string;
  parameters: string[];
  report?: string;
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
  let interrupted = false;
  const stopRequested = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (interrupted) process.stdout.write("\nStopping already: the fault is healed first. A moment.\n");
        interrupted = true;
        resolve("interrupted");
      });
    }
  });
  process.stdout.write("Starting:\n");
  const starting = startStack({
    onReady: (what, afterMs) => process.stdout.write(`  ${what}: ${(afterMs / 1000).toFixed(1)} s\n`),
    keepLogs: options.keepLogs,
  });
  try {
    stack = await starting;
    if (interrupted) return 130;
    process.stdout.write(`Everything runs after ${elapsed()}. The channel is at ${stack.slack.url}\n\n`);
    const result = await Promise.race([play(stack, options, () => interrupted), stopRequested]);
    if (result === "interrupted") {
      process.stdout.write("\nStopping: removing the fault, then everything else.\n");
      return 130;
    }
    process.stdout.write(`\n${elapsed()} from start to findings.\n`);
    return result;
  } finally {
    const directory = stack?.directory;
    await stack?.stop();
    if (options.keepLogs && directory !== undefined) process.stdout.write(`Logs are in ${directory}\n`);
  }
}

/** Asks, approves, and prints until the run has ended. Returns the exit code. */
async function play(stack: Stack, options: Options, interrupted: () => boolean): Promise<number> {
  const { slack, postgres } = stack;
  const names = new Map<string, string>([
    ...workspace.people.map(({ id, real_name }) => [id, real_name] as const),
    [workspace.bot.userId, "aftershock"],
  ]);
  const text = ["run", options.experiment, ...options.parameters].join(" ");
  process.stdout.write(`${requester.real_name}: /chaos ${text}\n`);
  const answer = await ask(slack, requester.id, text);
  for (const line of messageLines(answer, names)) process.stdout.write(`  ${line}\n`);
  const runId = /run-\d+/.exec(answer.text ?? "")?.[0];
  if (runId === undefined) return 1;
  const card = await untilMessage(slack, (message, all) => cardOf(all, runId)?.ts === message.ts, 10_000);
  process.stdout.write(`${approver.real_name} clicks Approve\n\n`);
  await click(slack, approver.id, card, "approve");

  const printer = createThreadPrinter(screenOf(options), names, () => performance.now());
  const end = performance.now() + options.timeoutMs;
  for (;;) {
    const messages = await slack.messages();
    const thread = threadOf(messages, card);
    printer.show(card, thread);
    const { state } = await runResult(postgres.url, runId);
    if (interrupted()) return 130;
    const files = thread.filter((message) => (message.files ?? []).length > 0).length;
    const told = files >= 1 && thread.some((message) => message.files?.some((file) => file.name === "report.json"));
    if (isTerminal(state as RunState) && told) break;
    if (performance.now() > end) {
      process.stdout.write(`\nNo end after ${options.timeoutMs / 1000} s: the run is ${state}.\n`);
      return 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  printer.finish(threadOf(await slack.messages(), card));
  if (options.report !== undefined) {
    const files = await writeReportFiles(postgres.url, runId, options.report);
    process.stdout.write(`\nWritten: ${files.join(", ")}\n`);
  }
  const result = await runResult(postgres.url, runId);
  process.stdout.write(
    `\n${runId}: run ${result.state}, hypothesis ${result.hypothesis ?? "unknown"}, cleanup ${result.cleanup ?? "unknown"}\n`,
  );
  return result.state === "completed" && result.cleanup === "verified" ? 0 : 1;
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
    return {
      experiment: positionals[0] ?? "redis-split-brain",
      parameters: values.set,
      ...(values.report === undefined ? {} : { report: values.report }),
      timeoutMs: Number(values.timeout) * 1000,
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
