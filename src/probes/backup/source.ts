import type { Writable } from "node:stream";
import { requireWholeNumber } from "../figure.ts";
import type { SystemContext } from "../system.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { withoutSecrets } from "./plain-error.ts";

/** A backup that was found. */
export interface FoundBackup {
  /** Full path or key. */
  name: string;
  bytes: number;
  /** By the clock of whoever keeps it, where that can be asked. */
  ageMs: number;
}

/** A place where backups are kept. */
export interface BackupSource {
  /** For people: `backup/backup-0:/backups/*.dump`. */
  where: string;
  /** The newest of all, and how many there are; `newest` null: none. Rejects when the place cannot be looked into. */
  find(signal: AbortSignal): Promise<{ newest: FoundBackup | null; count: number }>;
  /** Writes the backup into `sink` and ends it. Rejects when it cannot be read to its end. */
  read(backup: FoundBackup, sink: Writable, signal: AbortSignal): Promise<void>;
}

const findTimeoutMs = 30_000;
const readTimeoutMs = 2 * 3600_000;

/**
 * Files in a pod, e.g. on a volume that backups are written to, by a path with wildcards; the newest is by mtime. The
 * experiment file lets the path have no letter that a shell takes for more than that.
 */
export function podSource(
  context: SystemContext,
  place: { namespace: string; pod: string; path: string },
): BackupSource {
  const { execStream } = context;
  if (execStream === undefined) throw new Error("commands cannot be run in pods here");
  const target = { namespace: place.namespace, pod: place.pod };
  const where = `${place.namespace}/${place.pod}:${place.path}`;
  return {
    where,
    find: async (signal) => {
      // `$1` unquoted, so that its wildcards are the shell's; a pattern without a match stays as it is, and is no file.
      const script = 'date +%s; for f in $1; do [ -f "$f" ] && stat -c "%Y %s %n" "$f"; done; true';
      const answer = await execStream(target, ["sh", "-c", script, "sh", place.path], {
        timeoutMs: findTimeoutMs,
        signal,
      });
      if (answer.exitCode !== 0) throw unreadable(where, answer.stderr);
      return newestOf(answer.stdout);
    },
    read: async ({ name }, sink, signal) => {
      const answer = await execStream(target, ["cat", name], { timeoutMs: readTimeoutMs, signal, stdout: sink });
      if (answer.exitCode !== 0) throw unreadable(where, answer.stderr);
    },
  };
}

/**
 * Reads `now` and then `mtime size name` a line (seconds, bytes). Throws when it does not begin with the time: an age by
 * no clock is none, and a listing that is cut off is not an empty folder. Exported for its test.
 */
export function newestOf(listing: string): { newest: FoundBackup | null; count: number } {
  const [first = "", ...lines] = listing.trim().split("\n");
  const now = requireWholeNumber(first, "the time of the place where the backups are");
  const files = lines.flatMap((line) => {
    const [, modified, bytes, name] = /^(\d+) (\d+) (.+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, bytes: Number(bytes), ageMs: (now - Number(modified)) * 1000 }];
  });
  const newest = files.toSorted((a, b) => a.ageMs - b.ageMs || (a.name < b.name ? 1 : -1))[0] ?? null;
  return { newest, count: files.length };
}

/** A place that cannot be looked into, in words without secrets. */
export function unreadable(where: string, why: unknown): AftershockError {
  const reason = withoutSecrets(typeof why === "string" ? why : messageOf(why));
  return new AftershockError(
    "unavailable",
    `The backups at ${where} cannot be read: ${reason || "no reason given"}`,
    "Check that it exists, and that the worker may read it.",
  );
}
