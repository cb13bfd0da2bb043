import type { Operation } from "../probes/history.ts";
import type { RunEventBody } from "./events.ts";

/** Looks on while runs are conducted, e.g. to count; whatever it does, it must not throw. */
export interface RunObserver {
  /** After they were stored. */
  events(runId: string, events: readonly RunEventBody[]): void;
  operation(system: string, operation: Operation): void;
  /** A run had to be left to another worker. */
  leaseLost(runId: string): void;
}
