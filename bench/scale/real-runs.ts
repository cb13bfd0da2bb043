import { readdirSync, readFileSync } from "node:fs";
import { Redis } from "ioredis";
import pg from "pg";
import { approver, cardOf, click, requester, untilMessage } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { costOf, latencies } from "./cost.ts";

/** Targets of the lab that do not stand on each other; one run at a time on each. */
const targets = ["redis-failover", "etcd-quorum-loss", "patroni-failover"];
const runMinutes = 5;

/** Runs of the demo's profile through Slack, bot, queue and worker, as many at once as the lab has targets. */
export async function measureRealRuns(stack: Stack, count: number): Promise<string[]> {
  const database = new pg.Client({ connectionString: stack.postgres.url });
  await database.connect();
  const redis = new Redis(stack.redis.url);
  try {
    const rows = await rowsAndBytes(database);
    const [transactions, commands] = [await transactionsOf(database), await commandsOf(redis)];
    const cost = { bot: costOf(stack.bot.pid), worker: costOf(stack.worker.pid) };
    let [peakBot, peakWorker, peakRedis] = [0, 0, 0];
    const look = async (): Promise<void> => {
      peakBot = Math.max(peakBot, costOf(stack.bot.pid).rssMiB);
      peakWorker = Math.max(peakWorker, costOf(stack.worker.pid).rssMiB);
      peakRedis = Math.max(peakRedis, await memoryOf(redis));
    };
    const idleRedis = await memoryOf(redis);
    const watch = setInterval(() => void look().catch(() => undefined), 500);
    const startedAt = performance.now();
    const left = Array.from({ length: count }, (_unused, at) => at);
    const answers: number[] = [];
    const ended: string[] = [];
    await Promise.all(
      targets.map(async (experiment) => {
        while (left.pop() !== undefined) ended.push(await oneRun(stack, database, experiment, answers));
      }),
    );
    clearInterval(watch);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = { bot: costOf(stack.bot.pid), worker: costOf(stack.worker.pid) };
    const grown = await rowsAndBytes(database);
    const per = (value: number): string => (value / count).toFixed(1);
    const tables = Object.entries(grown)
      .map(([name, now]) => ({
        name,
        rows: now.rows - (rows[name]?.rows ?? 0),
        bytes: now.bytes - (rows[name]?.bytes ?? 0),
      }))
      .filter(({ rows: more, bytes }) => more > 0 || bytes > 0)
      .toSorted((a, b) => b.bytes - a.bytes);
    return [
      `${count} real runs in ${seconds.toFixed(0)} s, ${targets.length} at once: ${tally(ended)}`,
      `  answer to the command: ${latencies(answers)}`,
      `  worker: ${per(after.worker.cpuMs - cost.worker.cpuMs)} ms CPU a run, RSS ${cost.worker.rssMiB.toFixed(0)} MiB before, ${peakWorker.toFixed(0)} MiB at most`,
      `  bot: ${per(after.bot.cpuMs - cost.bot.cpuMs)} ms CPU a run, RSS ${cost.bot.rssMiB.toFixed(0)} MiB before, ${peakBot.toFixed(0)} MiB at most`,
      `  PostgreSQL: ${per((await transactionsOf(database)) - transactions)} transactions a run (with those of idling)`,
      `  Redis: ${per((await commandsOf(redis)) - commands)} commands a run (with those of idling); ${idleRedis.toFixed(2)} MiB before, ${peakRedis.toFixed(2)} at most`,
      `  rows and bytes a run, with indexes and TOAST: ${per(tables.reduce((sum, { bytes }) => sum + bytes, 0))} bytes in all`,
      ...tables.map(
        ({ name, rows: more, bytes }) =>
          `    ${name.padEnd(20)} ${per(more).padStart(8)} rows ${per(bytes).padStart(12)} bytes`,
      ),
    ];
  } finally {
    redis.disconnect();
    await database.end();
  }
}

/** What bot, worker, PostgreSQL and Redis take while nobody asks for anything. */
export async function measureIdle(stack: Stack, seconds: number): Promise<string> {
  const database = new pg.Client({ connectionString: stack.postgres.url });
  await database.connect();
  const redis = new Redis(stack.redis.url);
  try {
    const before = { bot: costOf(stack.bot.pid), worker: costOf(stack.worker.pid) };
    const [transactions, commands] = [await transactionsOf(database), await commandsOf(redis)];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const [bot, worker] = [
      costOf(stack.bot.pid).cpuMs - before.bot.cpuMs,
      costOf(stack.worker.pid).cpuMs - before.worker.cpuMs,
    ];
    const each = (value: number): string => (value / seconds).toFixed(1);
    return `idle for ${seconds} s, a second: bot ${each(bot)} ms CPU, worker ${each(worker)} ms CPU, ${each((await transactionsOf(database)) - transactions)} transactions, ${each((await commandsOf(redis)) - commands)} Redis commands`;
  } finally {
    redis.disconnect();
    await database.end();
  }
}

async function oneRun(stack: Stack, database: pg.Client, experiment: string, answers: number[]): Promise<string> {
  const user = requester.id;
  const known = new Set((await stack.slack.messages()).map(({ ts }) => ts));
  const at = performance.now();
  await stack.slack.command(user, "/chaos", `run ${experiment} profile=demo`);
  const answer = await untilMessage(
    stack.slack,
    ({ ephemeral_to: to, ts, text = "" }) =>
      to === user && !known.has(ts) && (text.includes(experiment) || /run-\d+/.test(text)),
    60_000,
  );
  answers.push(performance.now() - at);
  const { rows } = await database.query<{ id: string }>(
    "select id from runs where experiment = $1 and state = 'requested' order by created_at desc limit 1",
    [experiment],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error(`no run of ${experiment}: ${answer.text}`);
  const card = await untilMessage(stack.slack, (message, all) => cardOf(all, id)?.ts === message.ts, 60_000);
  await click(stack.slack, approver.id, card, "approve");
  const end = performance.now() + runMinutes * 60_000;
  for (;;) {
    const { rows: now } = await database.query<{ state: string; ended: boolean }>(
      "select state, ended_at is not null as ended from runs where id = $1",
      [id],
    );
    if (now[0]?.ended === true) return `${experiment} ${now[0].state}`;
    if (performance.now() > end) throw new Error(`${id} (${experiment}) has not ended: ${now[0]?.state}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const tally = (ended: readonly string[]): string =>
  [...new Set(ended)].map((what) => `${ended.filter((one) => one === what).length} × ${what}`).join(", ");

async function rowsAndBytes(database: pg.Client): Promise<Record<string, { rows: number; bytes: number }>> {
  const { rows } = await database.query<{ name: string; bytes: string }>(
    `select relname as name, pg_total_relation_size(oid)::text as bytes from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const counted = await Promise.all(
    rows.map(async ({ name, bytes }) => {
      const { rows: found } = await database.query<{ n: string }>(`select count(*)::text as n from "${name}"`);
      return [name, { rows: Number(found[0]?.n), bytes: Number(bytes) }] as const;
    }),
  );
  return Object.fromEntries(counted);
}

async function transactionsOf(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ n: string }>(
    "select (xact_commit + xact_rollback)::text as n from pg_stat_database where datname = current_database()",
  );
  return Number(rows[0]?.n);
}

const figure = (info: string, name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]);
const commandsOf = async (redis: Redis): Promise<number> =>
  figure(await redis.info("stats"), "total_commands_processed");
const memoryOf = async (redis: Redis): Promise<number> => figure(await redis.info("memory"), "used_memory") / 2 ** 20;

/** `load 1.20 (2 cores)`: how busy the machine is with other things. */
export function loadText(): string {
  const cores = readdirSync("/sys/devices/system/cpu").filter((name) => /^cpu\d+$/.test(name)).length;
  return `load ${readFileSync("/proc/loadavg", "utf8").split(" ")[0]} (${cores} cores)`;
}
