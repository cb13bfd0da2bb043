import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { requireWholeNumber } from "../figure.ts";
import { isAftershockError, messageOf } from "../../errors.ts";
import { viewPatroni } from "../patroni/members.ts";
import type { Exercise, ExerciseStage } from "../system.ts";
import { restoredDatabase } from "./dataset.ts";
import { backupFile, formatOf, listBackup, restoreBackup } from "./inspect.ts";
import { withoutSecrets } from "./plain-error.ts";
import { withDatabase } from "./primary.ts";
import { megabytes, primaryOf, seconds, teller, timed, type BackupWork } from "./restore-exercise.ts";
import { requireSafeTarget } from "./restore-target.ts";
import { findScratch, queryBy, type Shell } from "./scratch.ts";
import type { BackupSource, FoundBackup } from "./source.ts";
import { quotedTable, readTableBounds } from "./table-bounds.ts";
import { joinSignals } from "../../join-signals.ts";

const lookTimeoutMs = 5000;
const transferTimeoutMs = 2 * 3600_000;
const reasonWithinMs = 1000;

type Tell = ReturnType<typeof teller>;
type Own = Awaited<ReturnType<typeof findScratch>>;

/**
 * Finds the newest backup, fetches it into the run's own pod, restores it into the throw-away instance there, and counts
 * rows. What a backup lacks is an event and not an error: a backup that cannot be restored is what the run is for.
 */
export function verifyExercise(work: BackupWork, source: BackupSource): Exercise {
  return { during: (stage) => verify(work, source, stage) };
}

async function verify(work: BackupWork, source: BackupSource, stage: ExerciseStage): Promise<void> {
  const { recorder, signal } = stage;
  const tell = teller(recorder);
  await tellLag(work, tell);
  const own = await findScratch(work.context);
  const found = await find(source, stage, tell);
  if (found === null) return;
  if (!(await fetchInto(own.shell, source, found, stage, tell))) return;

  const format = await formatOf(own.shell, backupFile, signal);
  tell("backup-format", { format, text: `is ${format}` });
  if (format === "empty" || format === "unknown") return;
  const listed = await listBackup(own.shell, backupFile, format, signal);
  const contents = listed.problem ?? (listed.entries === null ? "ends as it should" : `${listed.entries} entries`);
  tell("backup-listed", { ...listed, text: contents });
  await requireSafeTarget({ ...work, scratch: own, recorder, signal });
  const database = restoredDatabase(work.context.runId);
  await queryBy(own.shell, "postgres", `create database ${database} template template0`, { signal });
  const jobs = Number(work.context.parameters["jobs"] ?? 1);
  const restored = await timed(recorder, () =>
    restoreBackup(own.shell, { file: backupFile, format, database, jobs, signal }),
  );
  const content = await contentOf(own, database, signal);
  const { exitCode, problem } = restored.result;
  tell("backup-restored", {
    exitCode,
    problem,
    jobs,
    ...content,
    tookMs: restored.tookMs,
    text:
      problem === null
        ? `${content.tables} tables, ${megabytes(content.bytes)} in ${seconds(restored.tookMs)}`
        : `exit code ${exitCode}: ${problem}`,
  });
  await countRows(work, own, database, stage, tell);
}

async function find(
  source: BackupSource,
  { recorder, signal }: ExerciseStage,
  tell: Tell,
): Promise<FoundBackup | null> {
  const { where } = source;
  const looked = await timed(recorder, () => source.find(signal).catch((error: unknown) => problemOf(error, signal)));
  if ("problem" in looked.result) {
    const { problem } = looked.result;
    tell("backup-unreadable", { where, problem, text: problem });
    return null;
  }
  const { newest, count } = looked.result;
  if (newest === null) {
    tell("backup-missing", { where, text: `nothing at ${where}` });
    return null;
  }
  const { name, bytes, ageMs } = newest;
  tell("backup-found", {
    where,
    name,
    bytes,
    ageMs,
    count,
    text: `${name}: ${megabytes(bytes)}, ${age(ageMs)} old, the newest of ${count}`,
  });
  return newest;
}

/** Streams the backup into the run's pod. False when it could not be read to its end, which is told. */
async function fetchInto(
  shell: Shell,
  source: BackupSource,
  found: FoundBackup,
  { recorder, signal }: ExerciseStage,
  tell: Tell,
): Promise<boolean> {
  const through = new PassThrough();
  const stop = new AbortController();
  const both = joinSignals(signal, stop.signal);
  const transfer = async (): Promise<number> => {
    // `head` ends by the size, since not every API server passes on the end of standard input.
    const script = 'head -c "$2" > "$1"; stat -c %s "$1"';
    const options = { stdin: through, signal: both, timeoutMs: transferTimeoutMs };
    const writing = shell.run(script, [backupFile, String(found.bytes)], options);
    const reading = source.read(found, through, both);
    const readProblem = reading.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    try {
      // Done when the whole size is there: a file that still grows would be read on for ever.
      const answer = await Promise.race([writing, reading.then(() => writing)]);
      return requireWholeNumber(answer.stdout, "the size of what was fetched");
    } catch (error) {
      // Both ends fail together; why the reading did is the reason.
      const read = await Promise.race([readProblem, sleep(reasonWithinMs, null, { ref: false })]);
      throw read === null ? error : read.error;
    } finally {
      stop.abort();
      await Promise.allSettled([writing, reading]);
    }
  };
  const fetched = await timed(recorder, () =>
    transfer().then(
      (bytes) => ({ bytes }),
      (error: unknown) => problemOf(error, signal),
    ),
  );
  if ("problem" in fetched.result) {
    const { problem } = fetched.result;
    tell("backup-unreadable", { where: source.where, problem, text: problem });
    return false;
  }
  const { bytes } = fetched.result;
  const text = `${megabytes(bytes)} in ${seconds(fetched.tookMs)}`;
  tell("backup-fetched", { bytes, expected: found.bytes, tookMs: fetched.tookMs, text });
  return true;
}

async function contentOf(own: Own, database: string, signal: AbortSignal): Promise<{ tables: number; bytes: number }> {
  const users = "nspname !~ '^pg_' and nspname <> 'information_schema' and relkind in ('r', 'p')";
  const sql = `select (select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace where ${users})
    || ' ' || pg_database_size(current_database())`;
  const [tables, bytes] = (await queryBy(own.shell, database, sql, { signal })).split(" ");
  return {
    tables: requireWholeNumber(tables, "the number of tables"),
    bytes: requireWholeNumber(bytes, "the size of the database"),
  };
}

async function countRows(
  { context }: BackupWork,
  own: Own,
  database: string,
  { signal }: ExerciseStage,
  tell: Tell,
): Promise<void> {
  for (const { table } of readTableBounds(String(context.parameters["tables"] ?? ""))) {
    const sql = `select count(*) from ${quotedTable(table)}`;
    const counted = await queryBy(own.shell, database, sql, { signal }).then(
      (text) => ({ rows: requireWholeNumber(text, `the number of rows in ${table}`), problem: null }),
      (error: unknown) => ({ rows: null, ...problemOf(error, signal) }),
    );
    tell("table-rows", {
      table,
      ...counted,
      text: counted.rows === null ? `${table}: ${counted.problem ?? ""}` : `${table}: ${counted.rows}`,
    });
  }
}

/** What a failover would lose now: the other way to recover, which was no help to GitLab either. */
async function tellLag(work: BackupWork, tell: Tell): Promise<void> {
  const primary = await primaryOf(work);
  const views = await viewPatroni(work.members, lookTimeoutMs);
  const streaming = views.find(({ pod }) => pod === primary)?.streaming.length ?? 0;
  const where = { pod: primary, database: work.members.database, timeoutMs: lookTimeoutMs };
  // The replica that has most is the one that would be promoted.
  const text = `
    select application_name as pod, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as bytes,
      round(extract(epoch from replay_lag) * 1000)::float8 as ms
    from pg_stat_replication where state = 'streaming' order by 2 limit 1`;
  const best = await withDatabase(work.members, where, async (client) => {
    const { rows } = await client.query<{ pod: string; bytes: number; ms: number | null }>(text);
    return rows[0] ?? null;
  });
  tell("replication-lag", {
    streaming,
    replica: best?.pod ?? null,
    bytes: best?.bytes ?? null,
    lagMs: best === null ? null : (best.ms ?? (best.bytes === 0 ? 0 : null)),
    text: best === null ? "no replica streams" : `${best.pod} is ${best.bytes} bytes behind, the least of ${streaming}`,
  });
}

/** A problem of the backup in words; the end of the stage, and a bug, are none. */
function problemOf(error: unknown, signal: AbortSignal): { problem: string } {
  signal.throwIfAborted();
  return { problem: isAftershockError(error) ? error.message : withoutSecrets(messageOf(error)) };
}

/** `3 min`, `26.4 h`. */
export function age(ageMs: number): string {
  const minutes = ageMs / 60_000;
  return minutes < 90 ? `${minutes.toFixed(minutes < 10 ? 1 : 0)} min` : `${(minutes / 60).toFixed(1)} h`;
}
