import { requireWholeNumber } from "../figure.ts";
import type { PatroniPods } from "../patroni/members.ts";
import { onlyPrimary, viewPatroni } from "../patroni/members.ts";
import { AftershockError } from "../../errors.ts";
import type { Recorder } from "../recorder.ts";
import type { Exercise, ExerciseStage, Proof, SystemContext } from "../system.ts";
import {
  checksumQuery,
  countQuery,
  createDataset,
  dropDataset,
  leftDatabases,
  loseThirdRows,
  restoredDatabase,
  rowsOnPrimary,
  sourceDatabase,
} from "./dataset.ts";
import { withDatabase } from "./primary.ts";
import { guardedRestore, requireSafeTarget, type RestoreTarget } from "./restore-target.ts";
import { memberServer } from "./member-server.ts";
import { findScratch, programFailed, queryBy, scratch, shellIn } from "./scratch.ts";

const lookTimeoutMs = 1500;
const longTimeoutMs = 2 * 3600_000;
const replayDeadlineMs = 60_000;

export interface BackupWork {
  context: SystemContext;
  members: PatroniPods;
  target: RestoreTarget;
  password: string;
}

/** The one primary now. Throws AftershockError `system_unreachable` when there is not exactly one. */
export async function primaryOf({ members, context }: Pick<BackupWork, "members" | "context">): Promise<string> {
  const primary = onlyPrimary(await viewPatroni(members, lookTimeoutMs));
  if (primary !== null) return primary;
  throw new AftershockError(
    "system_unreachable",
    "There is not exactly one running primary.",
    `Look: kubectl exec ${members.pods[0]?.name ?? "postgresql-0"} -n ${context.namespace} -- patronictl list`,
  );
}

/**
 * Backup, known loss, restore elsewhere, comparison; every step an event with its figures. The dump is taken from a
 * replica, so that its reads and its long snapshot do not burden the primary, and by the run's own pod over the
 * network, so that nothing is written to a database's disk. The loss is in a database of the run's own.
 */
export function restoreExercise(work: BackupWork): Exercise {
  const { context, members } = work;
  const { runId } = context;
  return {
    during: (stage) => backUpAndRestore(work, stage),
    after: async () => {
      const primary = await primaryOf(work);
      await dropRestored(work);
      await dropDataset(members, primary, runId);
      const left = await leftDatabases(members, primary, runId);
      const proof: Proof = {
        what: `no database of the run is left on ${primary}`,
        ok: left.length === 0,
        detail: left.join(", ") || "none found",
      };
      return [proof];
    },
  };
}

/** Removes what the run made on a named server; the throw-away instance goes with its pod. Idempotent. */
export async function dropRestored({ context, members, target }: BackupWork): Promise<void> {
  if (target.server === undefined) return;
  const { name: pod, namespace } = members.pods[0] ?? { name: "", namespace: "" };
  const sql = `drop database if exists ${restoredDatabase(context.runId)} with (force)`;
  await queryBy(shellIn(context, { pod, namespace }), "postgres", sql, {
    signal: context.signal,
    server: target.server,
  });
}

async function backUpAndRestore(work: BackupWork, { recorder, signal }: ExerciseStage): Promise<void> {
  const { context, members } = work;
  const { runId, parameters } = context;
  const tell = teller(recorder);
  const primary = await primaryOf(work);
  const own = await findScratch(context);

  const dataset = await timed(recorder, () =>
    createDataset(members, primary, { runId, rows: Number(parameters["rows"] ?? 1000), signal }),
  );
  tell("dataset", {
    ...dataset.result,
    tookMs: dataset.tookMs,
    primary,
    text: `${dataset.result.rows} rows, ${megabytes(dataset.result.bytes)}, in database ${sourceDatabase(runId)} on ${primary}`,
  });

  const from = await dumpSource(work, primary, signal);
  const file = `${scratch.files}/backup.dump`;
  const dump = await timed(recorder, async () => {
    const server = await memberServer(members, from, work.password);
    const script = 'pg_dump -F c -f "$1" "$2" && stat -c %s "$1"';
    const options = { server, signal, timeoutMs: longTimeoutMs };
    const answer = await own.shell.run(script, [file, sourceDatabase(runId)], options);
    if (answer.exitCode !== 0) throw programFailed(`pg_dump from ${from} failed`, answer);
    return { bytes: requireWholeNumber(answer.stdout, "the size of the dump") };
  });
  tell("backup", {
    ...dump.result,
    from,
    fromPrimary: from === primary,
    tookMs: dump.tookMs,
    text: `pg_dump -F c from ${from}: ${megabytes(dump.result.bytes)} in ${seconds(dump.tookMs)}`,
  });

  const loss = await timed(recorder, () => loseThirdRows(members, primary, runId));
  tell("loss", {
    ...loss.result,
    tookMs: loss.tookMs,
    text: `DELETE … WHERE id % 3 = 0: ${loss.result.deleted} rows gone, ${loss.result.left} left on ${primary}`,
  });

  await restore(work, { own, file, recorder, signal });
  const after = await rowsOnPrimary(members, primary, runId);
  tell("primary-untouched", {
    rows: after,
    expected: loss.result.left,
    text: `${primary} still has ${after} rows: the restore went elsewhere`,
  });
}

async function restore(
  work: BackupWork,
  input: { own: Awaited<ReturnType<typeof findScratch>>; file: string; recorder: Recorder; signal: AbortSignal },
): Promise<void> {
  const { context, members, target } = work;
  const { own, file, recorder, signal } = input;
  const tell = teller(recorder);
  const database = restoredDatabase(context.runId);
  const jobs = Number(context.parameters["jobs"] ?? 1);
  const options = { signal, ...(target.server === undefined ? {} : { server: target.server }) };
  // A database of the run's own name, made here: never --clean, never one that was there before.
  const forbidden = await requireSafeTarget({ context, members, target, scratch: own, recorder, signal });
  await queryBy(own.shell, "postgres", `create database ${database} template template0`, options);
  const restored = await timed(recorder, () =>
    own.shell.run(guardedRestore, [forbidden.join(" "), database, String(jobs), file], {
      ...options,
      timeoutMs: longTimeoutMs,
    }),
  );
  if (restored.result.exitCode !== 0) throw programFailed("pg_restore failed", restored.result);
  const rows = requireWholeNumber(await queryBy(own.shell, database, countQuery, options), "the number of rows");
  const checksum = await queryBy(own.shell, database, checksumQuery, options);
  const size = await queryBy(own.shell, database, "select pg_total_relation_size('records')", options);
  const bytes = requireWholeNumber(size, "the size of what was restored");
  tell("restored", {
    rows,
    checksum,
    bytes,
    jobs,
    tookMs: restored.tookMs,
    text: `pg_restore -j ${jobs} into ${target.name}: ${rows} rows, ${megabytes(bytes)} in ${seconds(restored.tookMs)}`,
  });
}

/** A replica that has all that the primary had when it was asked; the primary when there is none. */
async function dumpSource({ members }: BackupWork, primary: string, signal: AbortSignal): Promise<string> {
  const replica = (await viewPatroni(members, lookTimeoutMs)).find((view) => view.pod === primary)?.streaming[0];
  if (replica === undefined) return primary;
  const at = { database: members.database, timeoutMs: lookTimeoutMs * 4 };
  const one = (pod: string, text: string, values: unknown[]): Promise<unknown> =>
    withDatabase(
      members,
      { ...at, pod },
      async (client) => (await client.query<{ v: unknown }>(text, values)).rows[0]?.v,
    );
  const written = await one(primary, "select pg_current_wal_lsn()::text as v", []);
  const end = performance.now() + replayDeadlineMs;
  const has = "select pg_last_wal_replay_lsn() >= $1::pg_lsn as v";
  while ((await one(replica, has, [written])) !== true) {
    signal.throwIfAborted();
    if (performance.now() > end) {
      throw new AftershockError(
        "system_unreachable",
        `${replica} has not replayed what the primary wrote after ${replayDeadlineMs / 1000} s.`,
        "A dump from it would lack the newest rows. Look at its lag: patronictl list",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return replica;
}

type Detail = Record<string, string | number | boolean | null>;

/** Records a step of the exercise when it is over, as `backup`. */
export function teller(recorder: Recorder): (event: string, detail: Detail) => void {
  return (event, detail) => recorder.event({ atMs: recorder.now(), source: "backup", event, detail });
}

/** Measures one step on the run's clock. */
export async function timed<T>(recorder: Recorder, work: () => Promise<T>): Promise<{ result: T; tookMs: number }> {
  const fromMs = recorder.now();
  const result = await work();
  return { result, tookMs: recorder.now() - fromMs };
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;
export const seconds = (tookMs: number): string => `${(tookMs / 1000).toFixed(2)} s`;
