import type { AuditEntry, AuditHead } from "../audit/entry.ts";
import { inTransaction, type Database, type Queryable } from "./database.ts";

const pageRows = 1000;

interface Row {
  seq: string;
  at: string;
  role: string;
  source: string;
  op: AuditEntry["op"];
  subject: string;
  entry: string;
  prev_hash: string;
  hash: string;
}

/** The trail's newest entry; null: there is none. */
export async function auditHead(client: Queryable): Promise<AuditHead | null> {
  const { rows } = await client.query<{ seq: string; hash: string }>(
    "select seq, hash from audit_log order by seq desc limit 1",
  );
  const row = rows[0];
  return row === undefined ? null : { seq: Number(row.seq), hash: row.hash };
}

/** Runs `work` on the database as it is at one moment, with times in UTC, as the trail writes them. */
export function inAuditSnapshot<T>(database: Database, work: (client: Queryable) => Promise<T>): Promise<T> {
  return inTransaction(database, async (client) => {
    await client.query("set transaction isolation level repeatable read, read only");
    await client.query("set local timezone = 'UTC'");
    return work(client);
  });
}

export interface AuditSelection {
  subject?: string;
  since?: Date;
  /** Nothing after this entry. */
  upTo?: number;
}

/** The trail's entries in order, read a thousand at a time. */
export async function* readAudit(client: Queryable, selection: AuditSelection = {}): AsyncGenerator<AuditEntry> {
  let after = await entryBefore(client, selection.since);
  for (;;) {
    const { rows } = await client.query<Row>(
      `select seq, audit_time(at) as at, db_role as role, source, op, subject, entry, prev_hash, hash
         from audit_log
        where seq > $1 and ($2::text is null or subject = $2) and ($3::bigint is null or seq <= $3)
        order by seq limit ${pageRows}`,
      [after, selection.subject ?? null, selection.upTo ?? null],
    );
    for (const row of rows) yield entryFrom(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = Number(last.seq);
  }
}

/** The number before the first entry since a moment. By number from there on: clocks may jump, the sequence does not. */
async function entryBefore(client: Queryable, since: Date | undefined): Promise<number> {
  if (since === undefined) return 0;
  const { rows } = await client.query<{ seq: string }>(
    `select coalesce((select min(seq) - 1 from audit_log where at >= $1), (select max(seq) from audit_log), 0) as seq`,
    [since],
  );
  return Number(rows[0]?.seq ?? 0);
}

function entryFrom(row: Row): AuditEntry {
  const { seq, at, role, source, op, subject, entry, prev_hash, hash } = row;
  return { seq: Number(seq), at, role, table: source, op, subject, entry, prev: prev_hash, hash };
}
