import type { Cluster } from "../../cluster/port.ts";
import { AftershockError } from "../../errors.ts";
import type { Database, Queryable } from "../../store/database.ts";
import { haltOfLatch, openHalt, openHaltForStart } from "../../store/halts.ts";
import { haltedByText, type Halt } from "./halt.ts";
import { readLatch } from "./latch.ts";

/** What holds everything back, from wherever it is known. */
export type Held = Pick<Halt, "by" | "reason" | "at">;

/**
 * For every transaction that asks for, approves or starts something: throws AftershockError `halted` while a halt holds,
 * and otherwise keeps one from coming before the transaction's end.
 */
export async function refuseWhenHalted(client: Queryable): Promise<void> {
  const halt = await openHaltForStart(client);
  if (halt !== null) throw halted(halt);
}

/** The same without a transaction, before work that would be in vain. */
export async function refuseEarlyWhenHalted(database: Database): Promise<void> {
  const halt = await openHalt(database);
  if (halt !== null) throw halted(halt);
}

/**
 * Asked just before each injection, and whenever a fault seems to have ended: what holds now, in the database or on the
 * cluster itself. Null when nothing does. Rejects when either cannot be asked: what is not known is not injected.
 */
export async function heldNow(database: Database, cluster: Cluster, signal?: AbortSignal): Promise<Held | null> {
  const [halt, latch] = await Promise.all([openHalt(database), readLatch(cluster, signal)]);
  if (halt !== null) return halt;
  if (latch === null) return null;
  // One that was lifted here while its cluster could not be told; the keeper removes it.
  const known = await haltOfLatch(database, latch.latch);
  return known?.resumedAt != null ? null : { by: latch.by, reason: latch.reason, at: latch.since };
}

export function halted(held: Held): AftershockError {
  return new AftershockError(
    "halted",
    `Everything is halted by ${haltedByText(held)} since ${held.at.slice(0, 19).replace("T", " ")} UTC; nothing starts.`,
    "An approver lets runs start again: /chaos resume. Look: /chaos status",
  );
}
