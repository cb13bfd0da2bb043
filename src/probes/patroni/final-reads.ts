import { textOf, wholeNumber } from "../figure.ts";
import { messageOf } from "../../errors.ts";
import { foldNumbers } from "../fold.ts";
import type { FinalRead } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { tableOf } from "./clients.ts";
import { withMember } from "./connect.ts";
import { tellForks } from "./forks.ts";
import { getPatroni, onlyPrimary, viewPatroni, type PatroniPods, type PatroniView } from "./members.ts";

const timeoutMs = 5000;
const levelDeadlineMs = 10_000;

/**
 * Waits until every replica has replayed what the primary has written, then reads every write client's rows from every
 * member. Tells the history of timelines (`timeline`, with the byte position of each fork), Patroni's own view of each
 * member (`cluster-view`, with the lag that it shows), and how old each member's data directory is (`data-directory`).
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
    const tell = members.manager.name === "patroni" ? tellHistory : tellForks;
    await tell(members, primary, recorder);
    if (members.manager.name === "patroni") await tellClusterView(members, primary, recorder);
  }
  await Promise.all(members.pods.map(({ name }) => tellDataDirectory(members, name, recorder)));
  const text = `select seq from ${tableOf(runId)} where client = $1 order by seq`;
  const reads = writers.map((client) => readEveryMember(members, views, { client, text, values: [client] }, recorder));
  return (await Promise.all(reads)).flat();
}

/**
 * One write client's numbers as every member holds them. `text` selects them as `seq`, in order. A member that cannot
 * be read says so in its own record.
 */
export async function readEveryMember(
  members: PatroniPods,
  views: readonly PatroniView[],
  query: { client: string; text: string; values: unknown[] },
  recorder: Recorder,
): Promise<FinalRead[]> {
  const { client, text, values } = query;
  const primary = onlyPrimary(views);
  return Promise.all(
    members.pods.map(async ({ name }): Promise<FinalRead> => {
      const role = views.find((view) => view.pod === name)?.role ?? "unknown";
      const read = { type: "final-read", member: name, client, role, authoritative: name === primary } as const;
      try {
        const rows = await withMember(
          members,
          name,
          async (connection) => (await connection.query<{ seq: number }>(text, values)).rows,
        );
        return { ...read, atMs: recorder.now(), ranges: foldNumbers(rows.map(({ seq }) => seq)) };
      } catch (error) {
        return { ...read, atMs: recorder.now(), ranges: [], error: messageOf(error) };
      }
    }),
  );
}

/** What GET /history says of past timelines. */
async function tellHistory(members: PatroniPods, primary: string, recorder: Recorder): Promise<void> {
  const history = await getPatroni(members, primary, "/history", timeoutMs);
  for (const entry of Array.isArray(history) ? (history as unknown[]) : []) {
    if (!Array.isArray(entry)) continue;
    const [timeline, forkBytes] = [wholeNumber(entry[0]), wholeNumber(entry[1])];
    if (timeline === null || forkBytes === null) continue;
    const detail = { timeline, forkBytes, reason: textOf(entry[2]) ?? "" };
    recorder.event({ atMs: recorder.now(), source: primary, event: "timeline", detail });
  }
}

/** What GET /cluster says of every member; its `lag` is bytes, or a word where Patroni does not know it. */
async function tellClusterView(members: PatroniPods, primary: string, recorder: Recorder): Promise<void> {
  const body = await getPatroni(members, primary, "/cluster", timeoutMs);
  const listed = body?.["members"];
  for (const entry of Array.isArray(listed) ? (listed as Array<Readonly<Record<string, unknown>>>) : []) {
    const flat = (name: string): string | number | null => {
      const value = entry[name];
      return typeof value === "string" || typeof value === "number" ? value : null;
    };
    const detail = { role: flat("role"), state: flat("state"), timeline: flat("timeline"), lag: flat("lag") };
    recorder.event({ atMs: recorder.now(), source: String(entry["name"]), event: "cluster-view", detail });
  }
}

/**
 * By what a rejoin leaves in the data directory: pg_rewind and pg_basebackup write a backup_label, which the server
 * renames to backup_label.old when it starts; only pg_basebackup writes PG_VERSION anew. A role that may not look at
 * files (pg_stat_file is for superusers) leaves it unknown.
 */
async function tellDataDirectory(members: PatroniPods, pod: string, recorder: Recorder): Promise<void> {
  const ageMs = (file: string): string =>
    `(extract(epoch from clock_timestamp() - (pg_stat_file('${file}', true)).modification) * 1000)::float8`;
  const text = `select ${ageMs("backup_label.old")} as label, ${ageMs("PG_VERSION")} as version`;
  try {
    const row = await withMember(members, pod, async (client) => {
      const { rows } = await client.query<{ label: number | null; version: number | null }>(text);
      return rows[0];
    });
    const detail = { labelAgeMs: row?.label ?? null, versionAgeMs: row?.version ?? null };
    recorder.event({ atMs: recorder.now(), source: pod, event: "data-directory", detail });
  } catch {
    // Not read is not known; the report says so.
  }
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
