import type { Database } from "./database.ts";

/**
 * Does `work` while nobody else does under the same key, on a connection of its own and in no transaction: PostgreSQL ends
 * one that is left open for seconds (`openTransactionMs`), and work on a cluster that hangs takes longer. False, and
 * nothing done, while somebody else has the lock. A connection that is lost loses the lock: `work` must be harmless twice.
 */
export async function withSessionLock(database: Database, key: number, work: () => Promise<void>): Promise<boolean> {
  const client = await database.connect();
  let broken: Error | undefined;
  const onLost = (error: Error): void => void (broken = error);
  client.on("error", onLost);
  try {
    const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [key]);
    if (rows[0]?.mine !== true) return false;
    try {
      await work();
      return true;
    } finally {
      await client.query("select pg_advisory_unlock($1)", [key]).catch(onLost);
    }
  } finally {
    // One that is broken is not kept, and its lock goes with it.
    client.release(broken);
    client.off("error", onLost);
  }
}
