import { messageOf } from "../../src/errors.ts";
import { approver, ask, buttonsOf, cardOf, click, requester, untilMessage } from "../../src/embedded/run-drive.ts";
import type { LocalMessage, LocalSlack } from "../../src/embedded/local-slack.ts";
import type { Meters, Reading, TableSize } from "./meters.ts";

/** Experiments whose targets do not stand on each other; one run at a time on each of a cluster. */
const experiments = ["redis-failover", "etcd-quorum-loss", "patroni-failover"] as const;
const runMinutes = 5;
const tellingMs = 60_000;
const betweenRunsMs = 20_000;

/** One place where one run at a time can be: an experiment on a cluster, asked for in a channel of its own. */
export interface Lane {
  experiment: string;
  cluster: string;
  slack: LocalSlack;
}

export interface RealRuns {
  count: number;
  seconds: number;
  /** Most runs that were under way at once. */
  atOnce: number;
  /** `redis-failover completed` to how many. */
  ended: Readonly<Record<string, number>>;
  /** From the command to its answer. */
  answeredMs: readonly number[];
  /** From the approval to a worker's first step, and from there to the end. */
  startedMs: readonly number[];
  ranMs: readonly number[];
  before: Reading;
  after: Reading;
  rssMiB: { before: { bot: number; workers: number[] }; most: { bot: number; workers: number[] } };
  redisMiB: { before: number; most: number };
  /** Messages that said something else after they were posted: each needs one edit at least. */
  editedMessages: number;
  /** Most connections to PostgreSQL. */
  connections: number;
  /** What each table grew by. */
  tables: Readonly<Record<string, TableSize>>;
}

export const lanesOf = (clusters: readonly string[]): Array<Omit<Lane, "slack">> =>
  clusters.flatMap((cluster) => experiments.map((experiment) => ({ experiment, cluster })));

/** The labs start a system when somebody first asks for it; that is no part of what is measured. */
export async function warmUp(lanes: readonly Lane[]): Promise<void> {
  await Promise.all(
    lanes.map(({ slack, experiment, cluster }) =>
      ask(slack, requester.id, `run ${experiment} cluster=${cluster} --dry-run`, 120_000),
    ),
  );
}

/** Runs of the demo's profile through Slack, bot, queue and workers, as many at once as there are lanes. */
export async function measureRealRuns(lanes: readonly Lane[], meters: Meters, count: number): Promise<RealRuns> {
  const rssBefore = meters.memory();
  const most = { bot: rssBefore.bot, workers: [...rssBefore.workers] };
  const redisBefore = await meters.redisMiB();
  let redisMost = redisBefore;
  let connections = 0;
  const look = async (): Promise<void> => {
    const { bot, workers } = meters.memory();
    most.bot = Math.max(most.bot, bot);
    workers.forEach((rss, at) => (most.workers[at] = Math.max(most.workers[at] ?? 0, rss)));
    redisMost = Math.max(redisMost, await meters.redisMiB());
    connections = Math.max(connections, await meters.connections());
  };
  const tables = await meters.tables();
  const before = await meters.read();
  const watch = setInterval(() => void look().catch(() => undefined), 500);
  const left = Array.from({ length: count }, (_unused, at) => at);
  const answeredMs: number[] = [];
  const ended: string[] = [];
  try {
    await Promise.all(
      lanes.map(async (lane) => {
        for (let runs = 0; left.pop() !== undefined; runs += 1) {
          // A member that was killed is back, and guards hold again.
          if (runs > 0) await new Promise((resolve) => setTimeout(resolve, betweenRunsMs));
          // What went wrong is an outcome, and the others go on.
          const outcome = await oneRun(lane, meters, answeredMs).catch((error: unknown) => messageOf(error));
          ended.push(`${lane.experiment} ${outcome}`);
        }
      }),
    );
  } finally {
    clearInterval(watch);
  }
  await untilTold(meters);
  const after = await meters.read();
  const [edited] = await meters.ask<{ n: number }>(
    "select count(*)::int as n from slack_outbox where version > 1 and run_id in (select id from runs)",
  );
  const grown = Object.entries(await meters.tables()).map(([name, { rows, bytes }]) => {
    const was = tables[name] ?? { rows: 0, bytes: 0 };
    return [name, { rows: rows - was.rows, bytes: bytes - was.bytes }] as const;
  });
  return {
    count,
    seconds: (after.atMs - before.atMs) / 1000,
    ...(await timesOf(meters)),
    ended: tally(ended),
    answeredMs,
    before,
    after,
    rssMiB: { before: rssBefore, most },
    redisMiB: { before: redisBefore, most: redisMost },
    connections,
    editedMessages: edited?.n ?? Number.NaN,
    tables: Object.fromEntries(grown.filter(([, { rows, bytes }]) => rows > 0 || bytes > 0)),
  };
}

/** Asks, approves, and waits for the end; resolves to the state that it ended in. */
async function oneRun(lane: Lane, meters: Meters, answeredMs: number[]): Promise<string> {
  const { slack, experiment, cluster } = lane;
  const at = performance.now();
  const answer = await ask(slack, requester.id, `run ${experiment} profile=demo cluster=${cluster}`, 60_000);
  answeredMs.push(performance.now() - at);
  const id = /run-\d+/.exec(answer.text ?? "")?.[0];
  if (id === undefined) return `not asked for: ${answer.text}`;
  const mayApprove = (card: LocalMessage): boolean =>
    buttonsOf(card).some((button) => button["action_id"] === "aftershock:approve");
  const card = await untilMessage(
    slack,
    (message, all) => cardOf(all, id)?.ts === message.ts && mayApprove(message),
    60_000,
  );
  await click(slack, approver.id, card, "approve");
  const end = performance.now() + runMinutes * 60_000;
  for (;;) {
    const [run] = await meters.ask<{ state: string; ended: boolean }>(
      "select state, ended_at is not null as ended from runs where id = $1",
      [id],
    );
    if (run?.ended === true) return run.state === "completed" ? run.state : `${run.state}: ${await whyOf(meters, id)}`;
    if (performance.now() > end) return `not ended: ${run?.state}`;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** Why a run ended as it did: the last state's own sentence, or the last problem that was told. */
async function whyOf(meters: Meters, id: string): Promise<string> {
  const [told] = await meters.ask<{ why: string | null }>(
    `select coalesce(data->>'reason', data->>'message') as why from run_events
      where run_id = $1 and coalesce(data->>'reason', data->>'message') is not null order by seq desc limit 1`,
    [id],
  );
  return told?.why ?? "no reason was given";
}

/** The last messages of the last runs go out a moment after their end. */
async function untilTold(meters: Meters): Promise<void> {
  const end = performance.now() + tellingMs;
  for (;;) {
    const [row] = await meters.ask<{ n: number }>("select count(*)::int as n from slack_outbox where outstanding");
    if (row?.n === 0 || performance.now() > end) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function timesOf(meters: Meters): Promise<Pick<RealRuns, "startedMs" | "ranMs" | "atOnce">> {
  const rows = await meters.ask<{ waited: number; ran: number; beside: number }>(
    `with spans as (
       select r.id, r.ended_at, max(e.at) filter (where e.type = 'approved') as approved,
              min(e.at) filter (where e.type = 'claimed') as claimed
         from runs r join run_events e on e.run_id = r.id where r.ended_at is not null group by r.id)
     select (extract(epoch from claimed - approved) * 1000)::float8 as waited,
            (extract(epoch from ended_at - claimed) * 1000)::float8 as ran,
            (select count(*)::int from spans o where o.claimed <= s.claimed and o.ended_at > s.claimed) as beside
       from spans s where claimed is not null`,
  );
  return {
    startedMs: rows.map(({ waited }) => waited),
    ranMs: rows.map(({ ran }) => ran),
    atOnce: rows.reduce((most, { beside }) => Math.max(most, beside), 0),
  };
}

function tally(all: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const one of all.toSorted()) found[one] = (found[one] ?? 0) + 1;
  return found;
}
