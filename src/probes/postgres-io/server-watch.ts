import type { PatroniPods } from "../patroni/members.ts";
import type { Recorder } from "../recorder.ts";
import { errorOf, openSampler } from "./sampler.ts";

const everyMs = 500;
const timeoutMs = 5000;
const lagEveryMs = 1000;

type Detail = Parameters<Recorder["event"]>[0]["detail"];

const serverText = `
  select (extract(epoch from pg_postmaster_start_time()) * 1000)::float8 as started, pg_is_in_recovery() as recovering`;
const lagText = `
  select application_name as pod, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as bytes,
    round(extract(epoch from replay_lag) * 1000)::float8 as ms
  from pg_stat_replication where not pg_is_in_recovery()`;
/** What backends wait for just now, itself and the idle ones apart. */
const waitText = `
  select wait_event_type || '/' || wait_event as event, count(*)::int as count from pg_stat_activity
  where wait_event_type in ('IO', 'LWLock', 'Lock', 'BufferPin', 'IPC') and pid <> pg_backend_pid()
    and backend_type in ('client backend', 'checkpointer', 'walwriter', 'background writer') group by 1`;

/**
 * Asks one server over one connection that it keeps, twice a second: `server` when it goes down or comes up (with the
 * error, and the start time that it tells), `replication-lag` and `waits` once a second, as long as it answers. An
 * answer that is late is not a server that is down.
 */
export function watchServer(options: {
  members: PatroniPods;
  pod: string;
  /** For what the thread tells. */
  recorder: Recorder;
  /** For what it does not. */
  quiet: Recorder;
}): { first: Promise<void>; stop(): void } {
  const { members, pod, recorder, quiet } = options;
  const { now } = recorder;
  const connection = openSampler(members, pod, "aftershock watch", timeoutMs);
  let stopped = false;
  let before: string | null = null;
  let lagAtMs = -Infinity;
  const say = (to: Recorder, event: string, detail: Detail): void => {
    if (!stopped) to.event({ atMs: now(), source: pod, event, detail });
  };
  const change = (state: string, detail: Detail): void => {
    if (before !== state) say(recorder, "server", detail);
    before = state;
  };
  const look = async (): Promise<void> => {
    try {
      const [row] = await connection.query<{ started: number; recovering: boolean }>(serverText);
      const recovering = row?.recovering === true;
      const startedAt = new Date(row?.started ?? 0).toISOString();
      change(`up ${startedAt} ${recovering}`, { up: true, startedAt, recovering });
      if (now() - lagAtMs < lagEveryMs) return;
      lagAtMs = now();
      for (const { pod: replica, bytes, ms } of await connection.query<{
        pod: string;
        bytes: number;
        ms: number | null;
      }>(lagText)) {
        say(quiet, "replication-lag", { replica, bytes, ms });
      }
      const waits = await connection.query<{ event: string; count: number }>(waitText);
      if (waits.length > 0) say(quiet, "waits", Object.fromEntries(waits.map(({ event, count }) => [event, count])));
    } catch (error) {
      const problem = errorOf(error);
      if (problem !== "timeout") change("down", { up: false, error: problem });
    }
  };
  const first = look();
  void (async () => {
    await first;
    while (!stopped) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      await look();
    }
  })();
  return {
    first,
    stop: () => {
      stopped = true;
      connection.close();
    },
  };
}
