import pg from "pg";
import type { FinalRead } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { tableOf } from "./clients.ts";
import { getPatroni, onlyPrimary, postgresPort, viewPatroni, type PatroniPods } from "./members.ts";

const timeoutMs = 5000;
const levelDeadlineMs = 10_000;

/** Opens a connection to one member, works, and closes it. Rejects with what went wrong. */
export async function withMember<T>(
  members: PatroniPods,
  pod: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: members.hostOf(pod),
    port: postgresPort,
    user: members.user,
    database: members.database,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Waits until every replica has replayed what the primary has written, then reads every write client's rows from every
 * member. Tells Patroni's own history of timelines (`timeline`, with the byte position of each fork).
 */
export async function readPatroni(
  members: PatroniPods,
  runId: string,
  writers: readonly string[],
  recorder: Recorder,
): Promise<FinalRead[]> {
  const views = await viewPatroni(members, timeoutMs);
  const primary = onlyPrimary(views);
  if (primary !== null) {
    await untilReplayed(members, primary, recorder);
    const history = await getPatroni(members.hostOf(primary), "/history", timeoutMs);
    for (const entry of Array.isArray(history) ? (history as unknown[][]) : []) {
      const detail = { timeline: Number(entry[0]), forkBytes: Number(entry[1]), reason: String(entry[2] ?? "") };
      recorder.event({ atMs: recorder.now(), source: primary, event: "timeline", detail });
    }
  }
  const text = `select seq from ${tableOf(runId)} where client = $1 order by seq`;
  return Promise.all(
    members.pods.flatMap(({ name }) =>
      writers.map(async (client): Promise<FinalRead> => {
        const role = views.find((view) => view.pod === name)?.role ?? "unknown";
        const read = { type: "final-read", member: name, client, role, authoritative: name === primary } as const;
        try {
          const rows = await withMember(
            members,
            name,
            async (connection) => (await connection.query<{ seq: number }>(text, [client])).rows,
          );
          return { ...read, atMs: recorder.now(), ranges: fold(rows.map(({ seq }) => seq)) };
        } catch (error) {
          const problem = error instanceof Error ? error.message : String(error);
          return { ...read, atMs: recorder.now(), ranges: [], error: problem };
        }
      }),
    ),
  );
}

async function untilReplayed(members: PatroniPods, primary: string, recorder: Recorder): Promise<void> {
  const end = recorder.now() + levelDeadlineMs;
  const one = async (pod: string, text: string, values: unknown[] = []): Promise<string> =>
    withMember(members, pod, async (client) => String((await client.query<{ v: unknown }>(text, values)).rows[0]?.v));
  try {
    const written = await one(primary, "select pg_current_wal_lsn() as v");
    const behind = "select pg_wal_lsn_diff($1::pg_lsn, pg_last_wal_replay_lsn()) <= 0 as v";
    for (const { name } of members.pods) {
      while (name !== primary && recorder.now() < end && (await one(name, behind, [written])) !== "true") {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  } catch {
    // A member that cannot be read says so in its own final read.
  }
}

function fold(numbers: readonly number[]): Array<[number, number]> {
  const ranges: Array<[number, number]> = [];
  for (const value of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && value === last[1] + 1) last[1] = value;
    else ranges.push([value, value]);
  }
  return ranges;
}
