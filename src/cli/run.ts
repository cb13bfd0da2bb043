import { appendFile, writeFile } from "node:fs/promises";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { pipelineId } from "../approvals/policy.ts";
import { openPipeline, type Pipeline } from "../compose/pipeline.ts";
import { loadPipelineConfig } from "../config/load.ts";
import { AftershockError, isAftershockError, messageOf } from "../errors.ts";
import { createHiding } from "../redact.ts";
import { bundleOf } from "../run/export/bundle.ts";
import { judgedReport } from "../run/judged.ts";
import type { RunEvent } from "../run/events.ts";
import { noChannel } from "../run/channels/no-channel.ts";
import type { Actor, RunRow } from "../run/service.ts";
import { artifactsOf } from "../store/artifacts.ts";
import { planBlocks } from "../slack/views/plan.ts";
import { exporterSecrets } from "../telemetry/exporter-secrets.ts";
import { messageLines } from "../terminal/plain-text.ts";
import type { Screen } from "../terminal/thread-printer.ts";
import type { CliCommand, Terminal } from "./cli-command.ts";
import { createLog, knownSecrets } from "./log.ts";
import { provideProbeSecrets } from "./probe-secrets.ts";
import { followRun } from "./run/follow.ts";
import { junitXml } from "./run/junit.ts";
import { readRunOptions, usage, type RunOptions } from "./run/options.ts";
import { exitCodeOf, exitCodes, type RunOutcome } from "./run/outcome.ts";
import { runResult } from "./run/result.ts";
import { writeFiles } from "./write-files.ts";

/** `aftershock run`: an experiment from a pipeline, without Slack. */
export const runCommand: CliCommand = {
  name: "run",
  summary: "runs an experiment without Slack, for CI; its exit code is the verdict",
  usage,
  run: async (args, terminal) => {
    const options = readRunOptions(args);
    try {
      return await withPipeline(options, terminal, (pipeline) => play(pipeline, options, terminal));
    } catch (error) {
      if (!isAftershockError(error) || (error.code !== "not_allowed" && error.code !== "halted")) throw error;
      terminal.err(`${error.message}\n${error.hint}\n`);
      return exitCodes.notAllowed;
    }
  },
};

async function withPipeline(
  options: RunOptions,
  terminal: Terminal,
  work: (pipeline: Pipeline) => Promise<number>,
): Promise<number> {
  const loaded = loadPipelineConfig(options.config, terminal.env);
  const probeSecrets = provideProbeSecrets(terminal.env);
  const { log: logFile } = options;
  const hiding = createHiding(knownSecrets(loaded.secrets, { ...probeSecrets, ...exporterSecrets(terminal.env) }));
  const log = createLog(
    {
      level: logFile === undefined ? "warn" : loaded.config.logLevel,
      base: { role: "pipeline" },
      hiding,
    },
    logFile === undefined ? terminal.err : (line) => appendFileSync(logFile, line),
  );
  if (logFile !== undefined) {
    await appendFile(logFile, "").catch((error: unknown) => {
      throw new AftershockError(
        "bad_command",
        `The log cannot be written: ${messageOf(error)}.`,
        "Name another: --log FILE",
      );
    });
  }
  const pipeline = await openPipeline(loaded, log, hiding);
  try {
    return await work(pipeline);
  } finally {
    await pipeline.close();
  }
}

/** Plans, asks, conducts and tells. Resolves to the exit code. */
async function play(pipeline: Pipeline, options: RunOptions, terminal: Terminal): Promise<number> {
  for (const run of await pipeline.healOrphans())
    terminal.out(`${run} had lost its worker; it was healed and ended.\n`);
  const { service } = pipeline;
  const { plan, digest } = await service.plan(options.request);
  if (options.dryRun || !options.yes) {
    terminal.out(`${plan.title}\n`);
    for (const line of messageLines({ ts: "", blocks: asRecords(planBlocks(plan, digest)) }, new Map())) {
      terminal.out(`  ${line}\n`);
    }
  }
  if (options.dryRun) {
    terminal.out("Nothing was recorded or touched.\n");
    return 0;
  }
  if (!options.yes && !(await isConfirmed(plan.experiment, terminal))) return exitCodes.notAllowed;
  if (plan.approvalsNeeded > 0 && options.channel === undefined) throw approvalNeedsChannel(plan.approvalsNeeded);
  const actor: Actor = {
    userId: pipelineId(options.pipeline),
    teamId: "",
    channelId: options.channel ?? noChannel,
    via: "command line",
  };
  const run = await service.request(actor, options.request, digest);
  terminal.out(`${run.id}: ${plan.title}, asked for as ${actor.userId}\n`);
  const stopping = stopOnSignals(pipeline, run.id, actor, terminal);
  try {
    const ended = await conductAndFollow(pipeline, run, terminal);
    return await tell(pipeline, ended, { options, terminal, stopped: stopping.stopped() });
  } finally {
    stopping.off();
  }
}

/** Conducts the run as soon as it is approved, and prints it meanwhile. */
async function conductAndFollow(
  pipeline: Pipeline,
  { id }: RunRow,
  terminal: Terminal,
): Promise<{ run: RunRow; events: RunEvent[] }> {
  const conducting: Array<Promise<void>> = [];
  let problem: unknown;
  let told = false;
  const ended = await followRun(pipeline.service, id, screenOf(terminal), async ({ state, plan, expiresAt }) => {
    if (problem !== undefined) throw problem;
    if (state === "approved") {
      if (conducting.length > 0) return;
      conducting.push(pipeline.conduct(id).catch((error: unknown) => void (problem = error)));
    } else if (state === "requested" && !told) {
      told = true;
      const many = plan.approvalsNeeded === 1 ? "1 approval" : `${plan.approvalsNeeded} approvals`;
      terminal.out(`  Waiting for ${many} in Slack until ${expiresAt}.\n`);
    }
  });
  await Promise.all(conducting);
  return ended;
}

async function tell(
  { database }: Pipeline,
  { run, events }: { run: RunRow; events: readonly RunEvent[] },
  context: { options: RunOptions; terminal: Terminal; stopped: boolean },
): Promise<number> {
  const { options, terminal, stopped } = context;
  const report = await judgedReport(database, run.id);
  const outcome: RunOutcome = { state: run.state, verdicts: report?.verdicts ?? null };
  const byVerdict = exitCodeOf(outcome, options.allowed);
  const exitCode = stopped && byVerdict !== exitCodes.unverified ? exitCodes.stopped : byVerdict;
  const last = events.findLast((event) => event.type === "state");
  const reason = last?.type === "state" ? last.reason : null;
  const { hypothesis = "unknown", cleanup = "unknown" } = outcome.verdicts ?? {};
  terminal.out(`\n${run.id}: run ${run.state}, hypothesis ${hypothesis}, cleanup ${cleanup}\n`);
  const told = { report, reason, exitCode };
  const written = [
    options.junit === undefined
      ? true
      : await writeText(
          options.junit,
          junitXml({ runId: run.id, experiment: run.experiment, ...outcome, ...told }),
          terminal,
        ),
    options.json === undefined
      ? true
      : await writeText(options.json, `${JSON.stringify(runResult(run, outcome, told), null, 2)}\n`, terminal),
    options.report === undefined
      ? true
      : await writeFiles(options.report, await bundleOf(await artifactsOf(database, run.id)), terminal),
  ];
  return exitCode === 0 && written.includes(false) ? exitCodes.failed : exitCode;
}

async function writeText(file: string, text: string, terminal: Terminal): Promise<boolean> {
  try {
    await writeFile(file, text);
    return true;
  } catch (error) {
    terminal.err(`${file} could not be written: ${messageOf(error)}\n`);
    return false;
  }
}

/** The first signal stops the run, which heals; while it does, further ones change nothing. */
function stopOnSignals(
  pipeline: Pipeline,
  runId: string,
  actor: Actor,
  terminal: Terminal,
): { stopped(): boolean; off(): void } {
  let stopped = false;
  const stop = (signal: string): void => {
    if (stopped) return;
    stopped = true;
    terminal.out(`\n${signal}: stopping ${runId} and healing it first.\n`);
    const reason = `the pipeline was stopped by ${signal}`;
    if (pipeline.requestStop({ kind: "abort", by: actor.userId, reason })) return;
    pipeline.service.abort(actor, runId, reason).catch((error: unknown) => terminal.err(`${messageOf(error)}\n`));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    stopped: () => stopped,
    off: () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}

async function isConfirmed(experiment: string, terminal: Terminal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new AftershockError(
      "bad_command",
      "This would inject a fault, and there is nobody to ask.",
      "Look at the plan with --dry-run; start it with --yes.",
    );
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await asking.question(`Type ${experiment} to start it: `);
  asking.close();
  if (answer.trim() === experiment) return true;
  terminal.out("Not started. Nothing was recorded or touched.\n");
  return false;
}

function approvalNeedsChannel(needed: number): AftershockError {
  return new AftershockError(
    "not_allowed",
    `By the policy this needs ${needed === 1 ? "1 approval" : `${needed} approvals`}, which people give in Slack.`,
    "Name the channel to ask them in: --channel C0123ABCD; or let a rule allow this pipeline without: approvals: none",
  );
}

function screenOf(terminal: Terminal): Screen {
  return { write: terminal.out, columns: 120, interactive: false, colour: false };
}

function asRecords(blocks: ReturnType<typeof planBlocks>): Array<Record<string, unknown>> {
  return blocks.map((block) => ({ ...block }));
}
