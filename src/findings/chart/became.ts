import type { History, Operation } from "../../probes/history.ts";
import { checkWrites } from "../write-counts.ts";

/** What became of an operation: acknowledged and kept, acknowledged and lost, certainly not applied, or unknown. */
export type Became = "ok" | "lost" | "fail" | "unknown";

export const becameOrder: readonly Became[] = ["ok", "lost", "fail", "unknown"];

export const becameWords: Readonly<Record<Became, string>> = {
  ok: "acknowledged",
  lost: "then LOST",
  fail: "refused",
  unknown: "unknown",
};

/** Tells what became of any operation of the history. */
export function becameOf(history: History): (op: Operation) => Became {
  const lost = new Map(checkWrites(history).map((entry) => [entry.client, new Set(entry.lost)]));
  return (op) => {
    if (op.outcome !== "ok") return op.outcome;
    return op.kind === "write" && lost.get(op.client)?.has(op.seq) === true ? "lost" : "ok";
  };
}
