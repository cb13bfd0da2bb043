import { Redis } from "ioredis";
import pg from "pg";
import { readAccessLog } from "../../test/support/lab-access.ts";
import type { TestStack } from "../../test/support/stack.ts";
import { costOf } from "./cost.ts";

/** Counters that only rise; what a span of time took is the difference of two readings. */
export interface Reading {
  atMs: number;
  botCpuMs: number;
  workerCpuMs: number;
  transactions: number;
  rowsWritten: number;
  walBytes: number;
  redisCommands: number;
  apiCalls: number;
  slackCalls: Readonly<Record<string, number>>;
}

export interface TableSize {
  rows: number;
  bytes: number;
}

export interface Meters {
  /** Asks PostgreSQL something that is not counted. */
  ask<T extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<T[]>;
  read(): Promise<Reading>;
  /** Rows, and bytes with indexes and TOAST, of every table. */
  tables(): Promise<Record<string, TableSize>>;
  redisMiB(): Promise<number>;
  /** Connections to PostgreSQL, but for this one. */
  connections(): Promise<number>;
  /** Resident memory now, in MiB. */
  memory(): { bot: number; workers: number[] };
  close(): void;
}

/** Reads what PostgreSQL, Redis, the labs' API servers, the gate before Slack and the kernel have counted. */
export async function openMeters(
  stack: TestStack,
  workers: () => readonly number[],
  kubeconfigs: readonly string[],
): Promise<Meters> {
  // One connection, for which several may wait.
  const database = new pg.Pool({ connectionString: stack.postgres.url, max: 1 });
  // One that ends with the server hides what ended the measuring.
  database.on("error", () => undefined);
  const redis = new Redis(stack.redis.url);
  const figure = (info: string, name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]);
  // What was read itself is no part of it.
  let [ownTransactions, ownCommands] = [0, 0];
  const ask = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> => {
    ownTransactions += 1;
    return (await database.query<T>(sql, values)).rows;
  };
  const info = async (section: string): Promise<string> => {
    ownCommands += 1;
    return redis.info(section);
  };
  const apiCalls = async (): Promise<number> => {
    // A machine that is busy enough lets a handshake run out; the log is there the next time.
    const logs = await Promise.all(
      kubeconfigs.map((file) =>
        readAccessLog(file)
          .catch(() => readAccessLog(file))
          .catch(() => readAccessLog(file)),
      ),
    );
    return logs.flat().reduce((sum, { times }) => sum + times, 0);
  };
  return {
    ask,
    read: async () => {
      const [row] = await ask<{ transactions: string; written: string; wal: string }>(
        `select (xact_commit + xact_rollback)::text as transactions,
                (tup_inserted + tup_updated + tup_deleted)::text as written,
                pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as wal
           from pg_stat_database where datname = current_database()`,
      );
      const slackCalls: Record<string, number> = {};
      for (const { method } of stack.gate.calls) slackCalls[method] = (slackCalls[method] ?? 0) + 1;
      return {
        atMs: performance.now(),
        botCpuMs: costOf(stack.bot.pid).cpuMs,
        workerCpuMs: workers().reduce((sum, pid) => sum + costOf(pid).cpuMs, 0),
        transactions: Number(row?.transactions) - ownTransactions,
        rowsWritten: Number(row?.written),
        walBytes: Number(row?.wal),
        redisCommands: figure(await info("stats"), "total_commands_processed") - ownCommands,
        apiCalls: await apiCalls(),
        slackCalls,
      };
    },
    tables: async () => {
      const names = await ask<{ name: string; bytes: string }>(
        `select relname as name, pg_total_relation_size(oid)::text as bytes from pg_class
          where relkind = 'r' and relnamespace = 'public'::regnamespace`,
      );
      const found: Record<string, TableSize> = {};
      for (const { name, bytes } of names) {
        const [count] = await ask<{ n: string }>(`select count(*)::text as n from "${name}"`);
        found[name] = { rows: Number(count?.n), bytes: Number(bytes) };
      }
      return found;
    },
    connections: async () => {
      const [row] = await ask<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
      return row?.n ?? Number.NaN;
    },
    redisMiB: async () => figure(await info("memory"), "used_memory") / 2 ** 20,
    memory: () => ({ bot: costOf(stack.bot.pid).rssMiB, workers: workers().map((pid) => costOf(pid).rssMiB) }),
    close: () => {
      redis.disconnect();
      void database.end();
    },
  };
}
