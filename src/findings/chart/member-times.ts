import type { History } from "../../probes/history.ts";
import { doubleAcceptance, overlapToleranceMs } from "../double-acceptance.ts";
import { becameOf } from "./became.ts";
import { twoPrimaries, type RoleSpan } from "./roles.ts";

/** A time in which a member acknowledged writes that came to the same end. */
export interface Taking {
  member: string;
  what: "ok" | "lost";
  fromS: number;
  toS: number;
  writes: number;
}

/** Two members that did at once what only one may; in milliseconds on the history's clock. */
export interface Overlap {
  what: "both took writes" | "both said primary";
  members: [string, string];
  fromMs: number;
  toMs: number;
}

/** Acknowledged writes closer than this belong together. */
const gapS = 0.3;
/** Members are asked four times a second: two that changed at once may seem to overlap for as long as two looks. */
const rolesToleranceMs = 500;
/** Times in which each member acknowledged writes, of all write clients together. */
export function takings(history: History): Taking[] {
  const became = becameOf(history);
  const open = new Map<string, Taking>();
  const all: Taking[] = [];
  const acknowledged = history.operations
    .filter((op) => op.kind === "write" && op.outcome === "ok")
    .toSorted((a, b) => a.endMs - b.endMs);
  for (const op of acknowledged) {
    const { member } = op;
    const what = became(op);
    if (member === undefined || (what !== "ok" && what !== "lost")) continue;
    const key = `${what} ${member}`;
    const atS = op.endMs / 1000;
    const current = open.get(key);
    if (current !== undefined && atS - current.toS < gapS) {
      current.toS = atS;
      current.writes += 1;
    } else {
      const next = { member, what, fromS: atS, toS: atS, writes: 1 };
      open.set(key, next);
      all.push(next);
    }
  }
  return all;
}

/** The longest time in which two members took writes; failing that, in which both said they were primary; null: none. */
export function findOverlap(history: History, roles: readonly RoleSpan[]): Overlap | null {
  const double = doubleAcceptance(history);
  if (double !== null && double.toMs - double.fromMs > overlapToleranceMs) {
    return {
      what: "both took writes",
      members: [double.older, double.newer],
      fromMs: double.fromMs,
      toMs: double.toMs,
    };
  }
  const both = twoPrimaries(roles);
  if (both === null || both.toMs - both.fromMs <= rolesToleranceMs) return null;
  return { what: "both said primary", ...both };
}
