import { wholeNumber } from "../figure.ts";
import { withoutSecrets } from "./plain-error.ts";
import { scratch, type Answer, type Shell } from "./scratch.ts";

/** What a backup's first bytes say that it is. */
export type BackupFormat = "custom" | "plain" | "plain-gzip" | "empty" | "unknown";

const shortMs = 60_000;
const longMs = 2 * 3600_000;

/**
 * By magic: `PGDMP` (pg_dump -F c; PostgreSQL sources, pg_backup_archiver.h), `1f 8b` (gzip, RFC 1952), and plain SQL as
 * text that pg_dump begins with its own name.
 */
export async function formatOf(shell: Shell, file: string, signal: AbortSignal): Promise<BackupFormat> {
  const script = `[ -s "$1" ] || { echo empty; exit 0; }
case "$(od -An -tx1 -N5 "$1" | tr -d ' \\n')" in
  5047444d50) echo custom ;;
  1f8b*) if gunzip -c "$1" 2>/dev/null | head -c 4096 | grep -aq 'PostgreSQL database'; then echo plain-gzip; else echo unknown; fi ;;
  *) if head -c 4096 "$1" | grep -aq 'PostgreSQL database'; then echo plain; else echo unknown; fi ;;
esac`;
  const answer = await shell.run(script, [file], { timeoutMs: shortMs, signal });
  const format = answer.stdout.trim();
  return format === "custom" || format === "plain" || format === "plain-gzip" || format === "empty"
    ? format
    : "unknown";
}

/** Entries of the archive's table of contents, and what is wrong with it; plain SQL has none, and ends with a line of its own. */
export async function listBackup(
  shell: Shell,
  file: string,
  format: BackupFormat,
  signal: AbortSignal,
): Promise<{ entries: number | null; problem: string | null }> {
  const options = { timeoutMs: longMs, signal };
  if (format === "custom") {
    const answer = await shell.run(`pg_restore --list "$1" | grep -vc '^;'`, [file], options);
    const ok = await shell.run('pg_restore --list "$1" >/dev/null', [file], options);
    return ok.exitCode === 0
      ? { entries: wholeNumber(answer.stdout), problem: null }
      : { entries: null, problem: said(ok) };
  }
  // pg_dump writes this line last (PostgreSQL sources, pg_dump.c); without it the file ends early.
  const ending = "tail -c 4096 | grep -aq 'PostgreSQL database dump complete'";
  const script = format === "plain-gzip" ? `gunzip -t "$1" && gunzip -c "$1" | ${ending}` : `cat "$1" | ${ending}`;
  const answer = await shell.run(script, [file], options);
  if (answer.exitCode === 0) return { entries: null, problem: null };
  const detail = withoutSecrets(answer.stderr);
  return { entries: null, problem: `the end of the dump is missing${detail === "" ? "" : `: ${detail}`}` };
}

/** Restores into a database of the throw-away instance; the problem is the restoring program's own first words. */
export async function restoreBackup(
  shell: Shell,
  input: { file: string; format: BackupFormat; database: string; jobs: number; signal: AbortSignal },
): Promise<{ exitCode: number; problem: string | null }> {
  const { file, format, database, jobs, signal } = input;
  const sql = `psql -Xq -v ON_ERROR_STOP=1 -d "$1" -o /dev/null`;
  const script =
    format === "custom"
      ? 'pg_restore --no-owner --no-acl -j "$3" -d "$1" "$2"'
      : format === "plain"
        ? `${sql} -f "$2"`
        : `gunzip -c "$2" | ${sql}`;
  const answer = await shell.run(script, [database, file, String(jobs)], { timeoutMs: longMs, signal });
  return { exitCode: answer.exitCode, problem: answer.exitCode === 0 ? null : said(answer) };
}

export const backupFile = `${scratch.files}/backup.file`;

function said({ stderr, exitCode }: Answer): string {
  return withoutSecrets(stderr) || `exit code ${exitCode}`;
}
