import { readFileSync } from "node:fs";

/** Processes that another one started, oldest first (proc(5), children of its first thread). Empty for one that is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The pod's process of one that only waits for it (see sandbox.ts). */
export function firstChild(pid: number): number | undefined {
  return childrenOf(pid)[0];
}
