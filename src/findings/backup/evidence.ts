import type { History, TimelineEvent } from "../../probes/history.ts";
import { numberOrNull, textOrNull } from "../observed.ts";

/** One step of the exercise, as its event has it. */
export interface Step {
  fromMs: number;
  number(name: string): number | null;
  text(name: string): string | null;
  flag(name: string): boolean;
}

/** The steps of a backup's exercise by name; null: the run did not get there. */
export interface BackupEvidence {
  step(name: string): Step | null;
  steps(name: string): Step[];
}

/** Reads what `backup` recorded. */
export function readBackupEvidence(history: History): BackupEvidence {
  const steps = (name: string): Step[] =>
    history.events.filter(({ source, event }) => source === "backup" && event === name).map(stepOf);
  return { steps, step: (name) => steps(name).at(-1) ?? null };
}

function stepOf({ atMs, detail }: TimelineEvent): Step {
  return {
    // A step is recorded when it is over.
    fromMs: atMs - (numberOrNull(detail["tookMs"]) ?? 0),
    number: (name) => numberOrNull(detail[name]),
    text: (name) => textOrNull(detail[name]),
    flag: (name) => detail[name] === true,
  };
}
