import pg from "pg";
import { ask, cardOf, click, threadOf, untilMessage } from "../../src/embedded/run-drive.ts";
import { localSlackSpeed, type LocalMessage } from "../../src/embedded/local-slack.ts";
import { startStack, type Endpoints, type Stack, type StackOptions } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import type { RunEvent } from "../../src/run/events.ts";
import { refuseUnexpected } from "./slack-gate/expectations.ts";
import { gateRatesAt } from "./slack-speed.ts";
import { refusalsOf, withLeastRights } from "./least-rights.ts";
import { startSlackGate, type SlackGate, type Violation } from "./slack-gate/gate.ts";

export const alice = "U0ALICE";
export const bob = "U0BOB";

/** Parameters of a quick run: a partition of 6 s is enough for a failover after 2 s. */
export const quick = "duration=6s baseline=3s recovery=30s";
/**
 * For runs whose verdict a test judges: one write per 20 ms. At the default of one per 10 ms a busy machine's event loop
 * is late often enough (p99) that nothing may be concluded, and the verdict says so.
 */
export const calm = "rate=50";

export interface TestStack extends Stack {
  /** What stands between the bot and local-slack. */
  gate: SlackGate;
}

export interface TestStackOptions extends Partial<StackOptions> {
  /** A limit of Slack's that the test means to run into; any other fails the test file when the stack is stopped. */
  expectsViolation?: (violation: Violation) => boolean;
  /** How many times Slack's rates gate and bot go by; default: as the demo. 1: as documented. */
  slackSpeed?: number;
  /**
   * What bot and worker may do on the cluster: what `aftershock rbac` prints with these options (default: none, for the
   * whole catalogue). A test file in which they are refused anything fails. `own`: the file sees to it.
   */
  rights?: readonly string[] | "own";
  /** How texts are changed for local-slack's page; see `GateOptions.draw`. */
  draw?: (text: string) => string;
}

/**
 * The real stack, for one test file: local-slack behind the strict gate, PostgreSQL, Redis, the lab, bot and worker. An
 * interposer of the test's own gets the gate's address for Slack's.
 */
export async function startTestStack({
  expectsViolation,
  slackSpeed: speed = localSlackSpeed,
  draw,
  rights = [],
  ...options
}: TestStackOptions = {}): Promise<TestStack> {
  let gate: SlackGate | undefined;
  const interpose = async (real: Endpoints): Promise<Endpoints & { stop(): Promise<void> }> => {
    const admin = real.kubeconfigPath;
    const started = await startSlackGate({
      apiUrl: real.slackApiUrl,
      rates: speed === 1 ? {} : gateRatesAt(speed),
      ...(draw === undefined ? {} : { draw }),
    });
    gate = started;
    const ours = { ...real, slackApiUrl: started.apiUrl };
    try {
      const own = await options.interpose?.(ours);
      return {
        ...(rights === "own" ? (own ?? ours) : await withLeastRights(admin, own ?? ours, rights)),
        stop: async () => {
          await own?.stop();
          await started.stop();
        },
      };
    } catch (error) {
      await started.stop();
      throw error;
    }
  };
  const configure: StackOptions["configure"] = (config) => {
    const own = { ...config, slack: { ...(config["slack"] as object), speed } };
    return options.configure?.(own) ?? own;
  };
  const stack = await startStack({ onReady: () => undefined, lease: "4s", ...options, interpose, configure });
  if (gate === undefined) throw new Error("the gate was not put in between");
  const { violations, limited } = gate;
  return {
    ...stack,
    gate,
    stop: async () => {
      // A lab that is gone, as some tests want it, tells no more.
      const refused = rights === "own" ? [] : await refusalsOf(stack.lab.kubeconfigPath).catch(() => []);
      await stack.stop();
      if (refused.length > 0) throw new Error(`Rights were missing:\n${refused.join("\n")}`);
      if (limited.length > 0) {
        const methods = [...new Set(limited.map(({ method }) => method))].join(", ");
        process.stderr.write(`Slack's limits were met ${limited.length} times: ${methods}\n`);
      }
      refuseUnexpected(violations, expectsViolation);
    },
  };
}

export async function query<T extends pg.QueryResultRow>(
  stack: Stack,
  sql: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: stack.postgres.url });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Asks for a run as Alice; returns its id and card. */
export async function askForRun(
  stack: Stack,
  text = `run redis-split-brain ${quick}`,
): Promise<{ runId: string; card: LocalMessage }> {
  const answer = await ask(stack.slack, alice, text);
  const runId = /run-\d+/.exec(answer.text ?? "")?.[0];
  if (runId === undefined) throw new Error(`no run: ${answer.text}`);
  const card = await untilMessage(stack.slack, (message, all) => cardOf(all, runId)?.ts === message.ts, 15_000);
  return { runId, card };
}

export async function approve(stack: Stack, card: LocalMessage): Promise<void> {
  await click(stack.slack, bob, card, "approve");
}

export async function stateOf(stack: Stack, runId: string): Promise<string> {
  const rows = await query<{ state: string }>(stack, "select state from runs where id = $1", [runId]);
  return rows[0]?.state ?? "none";
}

/** Waits until a condition holds; rejects naming what it last saw. */
export async function waitFor<T>(look: () => Promise<T>, holds: (value: T) => boolean, deadlineMs: number): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs / 1000} s; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const ended = ["completed", "aborted", "failed", "interrupted", "denied", "expired"];

/** Waits for one of the states; rejects at once, with what happened, when the run ended in another. */
export async function untilState(
  stack: Stack,
  runId: string,
  states: readonly string[],
  deadlineMs = 90_000,
): Promise<string> {
  const state = await waitFor(
    () => stateOf(stack, runId),
    (now) => states.includes(now) || ended.includes(now),
    deadlineMs,
  );
  if (states.includes(state)) return state;
  const events = await eventsOf(stack, runId);
  throw new Error(`${runId} ended ${state}, not ${states.join(" or ")}: ${JSON.stringify(events.slice(-4))}`);
}

export async function eventsOf(stack: Stack, runId: string): Promise<RunEvent[]> {
  const rows = await query<{ seq: number; type: string; data: object }>(
    stack,
    "select seq, type, data from run_events where run_id = $1 order by seq",
    [runId],
  );
  return rows.map((row) => ({ ...row.data, type: row.type, seq: row.seq, run: runId, at: "" }) as RunEvent);
}

export async function reportOf(stack: Stack, runId: string): Promise<Report> {
  const judged = (await eventsOf(stack, runId)).findLast((event) => event.type === "judged");
  if (judged?.type !== "judged") throw new Error(`${runId} was not judged`);
  return judged.report;
}

export async function artifact(stack: Stack, runId: string, name: string): Promise<Buffer> {
  const rows = await query<{ bytes: Buffer }>(
    stack,
    "select bytes from run_artifacts where run_id = $1 and name = $2",
    [runId, name],
  );
  if (rows[0] === undefined) throw new Error(`${runId} has no ${name}`);
  return rows[0].bytes;
}

/** All text of the run's thread. */
export async function threadText(stack: Stack, card: LocalMessage): Promise<string> {
  return threadOf(await stack.slack.messages(), card)
    .map((message) => `${message.text ?? ""}\n${JSON.stringify(message.blocks ?? [])}`)
    .join("\n");
}
