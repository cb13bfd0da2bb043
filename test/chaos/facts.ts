import type { RunEvent } from "../../src/run/events.ts";
import type { RunState } from "../../src/run/lifecycle.ts";

/** A message of Slack's as the invariants compare it: its text, its blocks as JSON, its files by name. */
export interface ShownMessage {
  text: string;
  blocks: string;
  files: readonly string[];
}

/** Everything that the invariants judge about one run, gathered when the case is over (collect.ts). */
export interface Facts {
  run: {
    id: string;
    state: RunState;
    requestedBy: string;
    digest: string;
    approvalsNeeded: number;
    lastSeq: number;
  };
  /** How the run may end here. */
  mayEnd: readonly RunState[];
  events: readonly RunEvent[];
  decisions: ReadonlyArray<{ userId: string; decision: string; digest: string }>;
  /** Who may approve. */
  approvers: readonly string[];
  /** Chaos objects, cordons and pods of ours that the cluster still has, whosever they are. */
  left: readonly string[];
  /** What does not answer in the data path. */
  broken: readonly string[];
  /** For each chaos object's name, how many different objects (UIDs) the cluster has injected. */
  injections: Readonly<Record<string, number>>;
}

/** What the thread shall say and what it says; gathered once Slack had time for it. */
export interface ThreadFacts {
  events: readonly RunEvent[];
  /** From the run's events by the narrator's own function. */
  wanted: { card: ShownMessage; thread: readonly ShownMessage[] };
  /** What stands in Slack. */
  shown: { cards: readonly ShownMessage[]; thread: readonly ShownMessage[] };
}

export interface Violation {
  kind: "orphan" | "duplicate" | "lost" | "approval" | "wrong";
  what: string;
}
