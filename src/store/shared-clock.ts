import type { Queryable } from "./database.ts";

/** PostgreSQL's time without asking it each time. */
export interface SharedClock {
  now(): Date;
  stop(): void;
}

const askEveryMs = 2000;

/**
 * The clock by which approvals age, freezes begin and schedules come due: PostgreSQL's, which also wrote when they were
 * given, and which all bots and workers share. It is asked every two seconds, and counted on in between, and through an
 * outage, by this process's monotonic clock: the wall clock of a machine may be an hour off, or jump. Rejects when
 * PostgreSQL does not answer the first time.
 */
export async function startSharedClock(
  database: Queryable,
  monotonicMs: () => number = () => performance.now(),
): Promise<SharedClock> {
  let at = { databaseMs: 0, monotonicMs: 0 };
  const ask = async (): Promise<void> => {
    const from = monotonicMs();
    const { rows } = await database.query<{ now: Date }>("select clock_timestamp() as now");
    const [row] = rows;
    // It was read somewhere between question and answer.
    if (row !== undefined) at = { databaseMs: row.now.getTime(), monotonicMs: (from + monotonicMs()) / 2 };
  };
  await ask();
  let asking: Promise<void> | null = null;
  const timer = setInterval(() => {
    asking ??= ask()
      .catch(() => undefined)
      .finally(() => (asking = null));
  }, askEveryMs);
  timer.unref();
  return {
    now: () => new Date(at.databaseMs + monotonicMs() - at.monotonicMs),
    stop: () => clearInterval(timer),
  };
}
