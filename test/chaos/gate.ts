import pg from "pg";
import type { RunState } from "../../src/run/lifecycle.ts";

/** The first half of the advisory lock's key; the second is the gate's number. */
const lockClass = 7_200_417;

/** Created by the suite in its own database only: a transaction that makes a gated step waits on the test's lock. */
const schema = `
  create table if not exists chaos_gates (
    number integer primary key,
    run_id text,
    from_state text not null,
    to_state text
  );
  create or replace function chaos_gate() returns trigger language plpgsql security definer as $$
  declare gate integer;
  begin
    for gate in select number from chaos_gates
                 where (run_id is null or run_id = new.id)
                   and from_state = case when tg_op = 'INSERT' then 'none' else old.state end
                   and (to_state is null or to_state = new.state)
    loop
      perform pg_advisory_xact_lock_shared(${lockClass}, gate);
    end loop;
    return new;
  end;
  $$;
  drop trigger if exists chaos_gate_insert on runs;
  drop trigger if exists chaos_gate_update on runs;
  create trigger chaos_gate_insert before insert on runs for each row execute function chaos_gate();
  create trigger chaos_gate_update before update of state on runs for each row
    when (old.state is distinct from new.state) execute function chaos_gate();
`;

export interface Gate {
  /** Resolves when a transaction stands before it: open, its step made, not committed. Rejects after the deadline. */
  reached(deadlineMs: number): Promise<void>;
  /** Lets it go on. Safe to call twice. */
  open(): Promise<void>;
}

export interface Gates {
  /** A gate before one step of a run (`runId` null: of any), or before every step out of `from`. */
  close(runId: string | null, from: RunState | "none", to?: RunState): Promise<Gate>;
}

/** Installs the trigger. Each gate holds its lock on a connection of its own. */
export async function installGates(url: string): Promise<Gates> {
  await withClient(url, (client) => client.query(schema));
  let last = 0;
  return {
    close: async (runId, from, to) => {
      last += 1;
      const number = last;
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => undefined);
      await client.connect();
      await client.query("select pg_advisory_lock($1, $2)", [lockClass, number]);
      await client.query("insert into chaos_gates values ($1, $2, $3, $4)", [number, runId, from, to ?? null]);
      let opened: Promise<void> | undefined;
      return {
        reached: async (deadlineMs) => {
          const end = performance.now() + deadlineMs;
          for (;;) {
            const { rows } = await client.query(
              "select 1 from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and not granted",
              [lockClass, number],
            );
            if (rows.length > 0) return;
            if (performance.now() > end) {
              throw new Error(
                `no step from ${from}${to === undefined ? "" : ` to ${to}`} within ${deadlineMs / 1000} s`,
              );
            }
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        },
        open: () =>
          (opened ??= (async () => {
            await client.query("delete from chaos_gates where number = $1", [number]).catch(() => undefined);
            // The end of the session gives the lock back.
            await client.end().catch(() => undefined);
          })()),
      };
    },
  };
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
