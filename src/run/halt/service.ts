import type { Actor } from "../service.ts";
import type { Halt, HaltCluster, HaltedRun } from "./halt.ts";

/** The latch as people work it. All reject with AftershockError for what a person could mend. */
export interface HaltService {
  /**
   * Sets the latch, stops every run, and tells every cluster. What holds already is kept: whoever halts again learns by
   * whom, and what still runs is stopped once more.
   */
  halt(actor: Actor, reason?: string): Promise<Halted>;
  /** Lifts it, in the database and on every cluster that can be reached. */
  resume(actor: Actor, reason?: string): Promise<Resumed>;
  /** What holds now, with how every cluster stands to it and what became of the runs; null: nothing. */
  current(): Promise<Standing | null>;
}

export interface Halted {
  halt: Halt;
  /** True when it held before. */
  heldBefore: boolean;
  /** How many runs were stopped by this. */
  stopped: number;
  clusters: HaltCluster[];
}

export interface Resumed {
  halt: Halt;
  clusters: HaltCluster[];
}

export interface Standing {
  halt: Halt;
  clusters: HaltCluster[];
  /** Null while something is being healed. */
  runs: HaltedRun[] | null;
}
