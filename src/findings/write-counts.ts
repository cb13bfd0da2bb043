import type { FinalRead, History, Operation } from "../probes/history.ts";
import type { WriteCounts } from "./report.ts";
import { multiset } from "./sets.ts";

/** What became of one write client's values. */
export interface ClientWrites {
  client: string;
  counts: WriteCounts;
  /** Acknowledged and not in the final state; empty when there was no final read. */
  lost: number[];
}

/**
 * Jepsen's `set` checker per write client, over the one member whose content survived: lost = acknowledged − read,
 * recovered = unknown ∩ read, unexpected = read − attempted, and certainly failed ∩ read. Without a final read of
 * that member the four are null: nothing is claimed. Duplicates are values with a count above one (Jepsen's
 * `set-full` compares the wrong way round and never reports any).
 */
export function checkWrites(history: History): ClientWrites[] {
  return history.header.clients
    .filter((client) => client.kind === "write")
    .map((client) =>
      checkClient(
        client.id,
        history.operations.filter((operation) => operation.client === client.id),
        authoritativeRead(history, client.id),
      ),
    );
}

/** The final read that counts; null when there is none, when it failed, or when two members both claim to be it. */
export function authoritativeRead(history: History, client: string): FinalRead | null {
  const reads = history.finalReads.filter((candidate) => candidate.client === client && candidate.authoritative);
  const [read] = reads;
  return read === undefined || reads.length > 1 || read.error !== undefined ? null : read;
}

function checkClient(client: string, operations: readonly Operation[], read: FinalRead | null): ClientWrites {
  const count = (outcome: Operation["outcome"]): number => operations.filter((op) => op.outcome === outcome).length;
  const base = {
    attempted: operations.length,
    acknowledged: count("ok"),
    failed: count("fail"),
    unknown: count("unknown"),
  };
  if (read === null) {
    return { client, counts: { ...base, lost: null, recovered: null, duplicated: null, unexpected: null }, lost: [] };
  }
  const present = multiset(read.ranges);
  const outcomes = new Map(operations.map((operation) => [operation.seq, operation.outcome]));
  const lost = operations.filter((op) => op.outcome === "ok" && !present.has(op.seq)).map((op) => op.seq);
  const values = [...present.keys()];
  return {
    client,
    counts: {
      ...base,
      lost: lost.length,
      recovered: values.filter((value) => outcomes.get(value) === "unknown").length,
      duplicated: values.filter((value) => (present.get(value) ?? 0) > 1).length,
      unexpected: values.filter((value) => {
        const outcome = outcomes.get(value);
        return outcome === undefined || outcome === "fail";
      }).length,
    },
    lost,
  };
}

/** Sums of all clients; a count that one client does not know is not known in total, nor is one of no clients. */
export function totalWrites(clients: readonly WriteCounts[]): WriteCounts {
  const sum = (pick: (counts: WriteCounts) => number | null): number | null =>
    clients.reduce<number | null>(
      (total, counts) => {
        const value = pick(counts);
        return total === null || value === null ? null : total + value;
      },
      clients.length === 0 ? null : 0,
    );
  return {
    attempted: sum((counts) => counts.attempted) ?? 0,
    acknowledged: sum((counts) => counts.acknowledged) ?? 0,
    failed: sum((counts) => counts.failed) ?? 0,
    unknown: sum((counts) => counts.unknown) ?? 0,
    lost: sum((counts) => counts.lost),
    recovered: sum((counts) => counts.recovered),
    duplicated: sum((counts) => counts.duplicated),
    unexpected: sum((counts) => counts.unexpected),
  };
}

/** Members whose final content differs from the authoritative one, as multisets, with how many copies differ. */
export function divergentMembers(history: History): Array<{ member: string; client: string; differing: number }> {
  return history.finalReads.flatMap((read) => {
    const reference = authoritativeRead(history, read.client);
    if (reference === null || read.error !== undefined || read.member === reference.member) return [];
    const mine = multiset(read.ranges);
    const theirs = multiset(reference.ranges);
    const differing = [...new Set([...mine.keys(), ...theirs.keys()])].reduce(
      (sum, value) => sum + Math.abs((mine.get(value) ?? 0) - (theirs.get(value) ?? 0)),
      0,
    );
    return differing === 0 ? [] : [{ member: read.member, client: read.client, differing }];
  });
}
