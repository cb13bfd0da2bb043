import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** What one case found, as it is stored: one JSON line. The table is made of these lines and of nothing else. */
export interface CaseLine {
  /** `kill`, `outage`, `crowd`, `hostile`: which part of the suite. */
  group: string;
  /** Unique in the suite. */
  name: string;
  seed: number;
  /** What was done to the bot, e.g. `worker killed`: one kind of trouble, the same words in every case of it. */
  fault: string;
  /** States of runs that the trouble hit, e.g. `baseline`, and transitions, e.g. `baseline → injecting`. */
  states: string[];
  runs: string[];
  /** Chaos objects, cordons and pods of ours that were left, and runs that nobody ended. */
  orphans: number;
  /** Events, injections, messages or runs that were there more often than once. */
  duplicates: number;
  /** Events that are missing, and tellable ones that the thread does not tell. */
  lostEvents: number;
  /** Approvals that counted and must not have. */
  wrongApprovals: number;
  /** Whatever else is not as it must be, and the sentences for all of the above. */
  violations: string[];
  /** From the end of the trouble until the data path was whole. Null: the trouble met no fault. */
  healedAfterMs: number | null;
  boundMs: number;
  /** Another run on the same target got going afterwards. */
  nextRunStarted: boolean;
  tookMs: number;
}

/** True when everything held. */
export function held(line: CaseLine): boolean {
  return line.violations.length === 0 && line.nextRunStarted;
}

export function appendLine(file: string, line: CaseLine): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function readLines(file: string): CaseLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as CaseLine);
}
