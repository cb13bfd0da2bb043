import { genesisHash, hashOf, type AuditEntry, type AuditHead } from "./entry.ts";

/** What is wrong with a trail. `seq` is the entry it shows at; null when it shows at none. */
export interface AuditProblem {
  seq: number | null;
  why: string;
}

export interface Verification {
  /** Entries that were read. */
  entries: number;
  head: AuditHead | null;
  /** The first problem; null: the trail holds. */
  problem: AuditProblem | null;
}

export interface VerifyOptions {
  /**
   * Which entries there must be. all: from the first on. from-somewhere: without gaps, but perhaps not from the first.
   * some: any, each by itself.
   */
  extent: "all" | "from-somewhere" | "some";
  /** Hashes that must be in the trail, noted when they were its newest: in a report, a thread, a log. */
  expected?: readonly string[];
  /** What the last entry must be. */
  head?: AuditHead | null;
}

/** How far back a note of the head may point: it is written at once, beside whatever other runs write meanwhile. */
const recentEntries = 10_000;

/** Recomputes a trail, in order of sequence. Pure but for reading; stops at the first problem. */
export async function verifyTrail(
  trail: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  options: VerifyOptions,
): Promise<Verification> {
  const wanted = new Set(options.expected);
  const recent = new Map<number, string>();
  let before: AuditHead | null = null;
  let entries = 0;
  for await (const entry of trail) {
    const why = entryProblem(entry, before, options.extent) ?? anchorProblem(entry, recent);
    if (why !== null) return { entries, head: before, problem: { seq: entry.seq, why } };
    wanted.delete(entry.hash);
    recent.set(entry.seq, entry.hash);
    recent.delete(entry.seq - recentEntries);
    before = { seq: entry.seq, hash: entry.hash };
    entries += 1;
  }
  return { entries, head: before, problem: endProblem(before, wanted, options) };
}

function entryProblem(entry: AuditEntry, before: AuditHead | null, extent: VerifyOptions["extent"]): string | null {
  if (before === null && extent === "all" && entry.seq !== 1) {
    return `it is the first, and should be 1: ${range(1, entry.seq - 1)} missing`;
  }
  if (before === null && entry.seq === 1 && entry.prev !== genesisHash) {
    return "the first entry does not begin a chain: its previous hash is not 64 zeros";
  }
  if (before !== null && entry.seq <= before.seq) return `it follows entry ${before.seq}: out of order, or there twice`;
  if (before !== null && entry.seq !== before.seq + 1 && extent !== "some") {
    return `it follows entry ${before.seq}: ${range(before.seq + 1, entry.seq - 1)} missing`;
  }
  if (before !== null && entry.seq === before.seq + 1 && entry.prev !== before.hash) {
    return `its previous hash is not the hash of entry ${before.seq}: one of the two was rewritten`;
  }
  if (hashOf(entry) !== entry.hash) return "its hash is not that of its content: it was rewritten";
  return null;
}

/**
 * An entry that notes an earlier head of the trail, as each run does at its end, must agree with it: a middle that was
 * rewritten together with all later hashes shows here, unless the notes were rewritten too.
 */
function anchorProblem({ table, entry }: AuditEntry, recent: ReadonlyMap<number, string>): string | null {
  if (table !== "run_events" || !entry.includes('"audit-head"')) return null;
  const row = JSON.parse(entry) as { type?: unknown; data?: { entry?: unknown; hash?: unknown } };
  if (row.type !== "audit-head") return null;
  const known = recent.get(Number(row.data?.entry));
  return known === undefined || known === row.data?.hash
    ? null
    : `it notes another hash of entry ${String(row.data?.entry)} than that has now: the trail was rewritten before here`;
}

function endProblem(
  head: AuditHead | null,
  missing: ReadonlySet<string>,
  { expected, head: wanted }: VerifyOptions,
): AuditProblem | null {
  const seq = head?.seq ?? null;
  if (wanted !== undefined && (wanted?.seq !== head?.seq || wanted?.hash !== head?.hash)) {
    const [want, have] = [wanted, head].map((one) => (one == null ? "nothing" : `entry ${one.seq}, ${one.hash}`));
    return { seq, why: `the end should be ${want}, and is ${have}: the end was cut off or rewritten` };
  }
  const lost = expected?.find((hash) => missing.has(hash));
  return lost === undefined
    ? null
    : { seq, why: `no entry has the hash ${lost}: the end was cut off, or the trail rewritten` };
}

function range(first: number, last: number): string {
  return first === last ? `entry ${first} is` : `entries ${first} to ${last} are`;
}
