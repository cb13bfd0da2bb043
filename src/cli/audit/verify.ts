import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { AuditEntry } from "../../audit/entry.ts";
import { parseEntry, parseHeader, type AuditHeader } from "../../audit/lines.ts";
import { verifyTrail, type AuditProblem, type Verification } from "../../audit/verify.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { inAuditSnapshot, readAudit } from "../../store/audit.ts";
import { compareWithTables } from "../../store/audit-check.ts";
import type { Terminal } from "../cli-command.ts";
import { withDatabase } from "../open-database.ts";

/** `aftershock audit verify`: 0 the trail holds, 1 it is broken. */
export async function verify(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      from: { type: "string" },
      expect: { type: "string", multiple: true, default: [] },
      config: { type: "string" },
    },
  });
  const expected = values.expect.map(readHash);
  return values.from === undefined
    ? verifyDatabase(expected, values.config, terminal)
    : verifyFile(values.from, expected, terminal);
}

function readHash(typed: string): string {
  const hash = typed.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new AftershockError(
    "bad_command",
    `--expect ${typed}: it must be a whole hash.`,
    "64 hex digits, as in the last message of a run's thread.",
  );
}

async function verifyDatabase(expected: string[], config: string | undefined, terminal: Terminal): Promise<number> {
  return withDatabase(terminal, config, (database) =>
    inAuditSnapshot(database, async (client) => {
      const verification = await verifyTrail(readAudit(client), { extent: "all", expected });
      const problem = verification.problem ?? (await compareWithTables(client));
      return tell({ ...verification, problem }, "It agrees with the tables that it tells of, both ways.", terminal);
    }),
  );
}

async function verifyFile(file: string, expected: string[], terminal: Terminal): Promise<number> {
  const lines = readLines(file);
  const header = parseHeader((await lines.next()).value);
  const extent = header.run !== null ? "some" : header.since !== null ? "from-somewhere" : "all";
  const verification = await verifyTrail(entriesOf(lines), {
    extent,
    expected,
    ...(header.run === null ? { head: header.head } : {}),
  });
  return tell(verification, whatFileShows(header), terminal);
}

function whatFileShows({ run, since, exportedAt }: AuditHeader): string {
  const when = `Exported ${exportedAt}`;
  if (run !== null) return `${when}, ${run} only: whether entries are missing, only the whole trail can show.`;
  if (since !== null) return `${when}, since ${since} only: what came before is not in it.`;
  return `${when}, from the first entry on. Whether it agrees with the tables, only the database can show.`;
}

async function* entriesOf(lines: AsyncIterable<string>): AsyncGenerator<AuditEntry> {
  let number = 1;
  for await (const line of lines) yield parseEntry(line, (number += 1));
}

async function* readLines(file: string): AsyncGenerator<string, undefined> {
  const input = createReadStream(file, "utf8");
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
    return undefined;
  } catch (error) {
    throw new AftershockError("bad_command", `--from ${file}: ${messageOf(error)}.`, "Name an exported file.");
  } finally {
    input.destroy();
  }
}

function tell({ entries, head, problem }: Verification, also: string, terminal: Terminal): number {
  if (problem !== null) {
    terminal.out(`BROKEN ${place(problem)}: ${problem.why}.\n`);
    return 1;
  }
  const what = head === null ? "It is empty." : `Its newest is entry ${head.seq}, sha256 ${head.hash}.`;
  terminal.out(`The audit trail holds: ${entries} ${entries === 1 ? "entry" : "entries"}. ${what}\n${also}\n`);
  return 0;
}

function place({ seq }: AuditProblem): string {
  return seq === null ? "in the tables" : `at entry ${seq}`;
}
