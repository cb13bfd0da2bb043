import pg from "pg";
import { isTerminal, type RunState } from "../../src/run/lifecycle.ts";

export interface Commits {
  /** Resolves as soon as the step is committed: PostgreSQL sends the notification in the moment of the commit. */
  step(runId: string, from: RunState, to: RunState, deadlineMs: number): Promise<void>;
  /** Resolves as soon as the run is in the state by a committed step (or has been). */
  entered(runId: string, state: RunState, deadlineMs: number): Promise<void>;
  /** Resolves as soon as one more run is stored than there are now. */
  born(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Hears of committed steps by LISTEN, as the narrator does; works for one life of the database. */
export async function watchCommits(url: string): Promise<Commits> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  await client.query("listen run_events");
  const until = async (runId: string, holds: string, values: readonly string[], deadlineMs: number): Promise<void> => {
    const look = async (): Promise<{ there: boolean; last: string }> => {
      const { rows } = await client.query<{ there: boolean | null; last: string | null }>(
        `select bool_or(${holds}) as there, (array_agg(data->>'to' order by seq desc))[1] as last
           from run_events where run_id = $1 and type = 'state'`,
        [runId, ...values],
      );
      return { there: rows[0]?.there === true, last: rows[0]?.last ?? "requested" };
    };
    const end = performance.now() + deadlineMs;
    for (;;) {
      let heard: () => void = () => undefined;
      const news = new Promise<void>((resolve) => {
        heard = resolve;
        client.on("notification", heard);
        // In case a notification fell between a look and this; also how the deadline is met.
        setTimeout(resolve, 250);
      });
      const { there, last } = await look();
      if (there) return void client.off("notification", heard);
      const over = isTerminal(last as RunState) || performance.now() > end;
      if (over) {
        client.off("notification", heard);
        throw new Error(`${runId} did not take the step ${values.join(" → ")}; it is ${last}`);
      }
      await news;
      client.off("notification", heard);
    }
  };
  return {
    step: (runId, from, to, deadlineMs) =>
      until(runId, "data->>'from' = $2 and data->>'to' = $3", [from, to], deadlineMs),
    entered: (runId, state, deadlineMs) =>
      state === "requested" ? Promise.resolve() : until(runId, "data->>'to' = $2", [state], deadlineMs),
    born: async (deadlineMs) => {
      const count = async (): Promise<number> =>
        (await client.query<{ n: number }>("select count(*)::int as n from runs")).rows[0]?.n ?? 0;
      const before = await count();
      const end = performance.now() + deadlineMs;
      while ((await count()) === before) {
        if (performance.now() > end) throw new Error(`no run was stored within ${deadlineMs / 1000} s`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close: () => client.end().catch(() => undefined),
  };
}
