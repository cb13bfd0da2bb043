import { parseDurationMs } from "../experiment/duration.ts";
import { dropDataset } from "./backup/dataset.ts";
import { dropRestored, primaryOf, restoreExercise, type BackupWork } from "./backup/restore-exercise.ts";
import { guardRestoreTarget, restoreTargetOf } from "./backup/restore-target.ts";
import { s3Source } from "./backup/s3-source.ts";
import { podSource, type BackupSource } from "./backup/source.ts";
import { readTableBounds } from "./backup/table-bounds.ts";
import { verifyExercise } from "./backup/verify-exercise.ts";
import { findPatroniPods } from "./patroni/members.ts";
import { patroni } from "./patroni.ts";
import type { Exercise, SystemAdapter, SystemContext, SystemSession } from "./system.ts";

/** A backup, a known loss, and a restore elsewhere, beside the clients of PostgreSQL under Patroni. */
export const postgresBackup: SystemAdapter = {
  name: "postgres-backup",
  occupies: patroni.name,
  open: (context) => openWith(context, restoreExercise, cleanUpRestore),
};

/** The newest backup, wherever it is kept, restored into a throw-away instance beside the same clients. */
export const postgresBackupCheck: SystemAdapter = {
  name: "postgres-backup-check",
  occupies: patroni.name,
  open: (context) => {
    // Said when the run is asked for, and not when it is half done.
    readTableBounds(String(context.parameters["tables"] ?? ""));
    parseDurationMs(String(context.parameters["rpo"] ?? "24h"));
    return openWith(
      context,
      (work) => verifyExercise(work, sourceOf(context)),
      async () => undefined,
    );
  },
};

async function openWith(
  context: SystemContext,
  exerciseOf: (work: BackupWork) => Exercise,
  cleanUp: (work: BackupWork) => Promise<void>,
): Promise<SystemSession> {
  const [base, members] = await Promise.all([patroni.open(context), findPatroniPods(context)]);
  // As for the probes' own connections, libpq's environment of the worker has the password; no parameter does.
  const password = process.env["PGPASSWORD"] ?? "";
  // A named server gets a password of its own: that of production must not go wherever a parameter points.
  const target = restoreTargetOf(context, process.env["AFTERSHOCK_RESTORE_PASSWORD"] ?? "");
  const work: BackupWork = { context, members, password, target };
  return {
    ...base,
    guard: (id, bounds) =>
      id === "restore-target" ? guardRestoreTarget(context, members, work.target) : base.guard(id, bounds),
    cleanUp: async () => {
      await base.cleanUp();
      await cleanUp(work);
    },
    exercise: exerciseOf(work),
  };
}

/** What a run that was killed may have left; after a run that ended by itself there is nothing to do. */
async function cleanUpRestore(work: BackupWork): Promise<void> {
  await dropRestored(work);
  await dropDataset(work.members, await primaryOf(work), work.context.runId);
}

function sourceOf(context: SystemContext): BackupSource {
  const text = (name: string): string => String(context.parameters[name] ?? "");
  const endpoint = text("endpoint") === "none" ? "" : text("endpoint");
  return text("source") === "s3"
    ? s3Source({ bucket: text("bucket"), prefix: text("prefix"), region: text("region"), endpoint }, Date.now)
    : podSource(context, { namespace: text("backupNamespace"), pod: text("backupPod"), path: text("backupPath") });
}
