import type { Actor, RunRow } from "../service.ts";
import type { Alarm } from "./alarm.ts";

/** An open alarm with the run that it is about. */
export interface OpenAlarm {
  alarm: Alarm;
  run: RunRow;
}

/**
 * What people may do about cleanups that were not proven. Records and answers; a worker does it. Rejects with
 * AftershockError for anything a person could mend.
 */
export interface AlarmService {
  /** Those that keep their target, of all channels, oldest first. */
  open(): Promise<OpenAlarm[]>;
  /** Ends the paging. Anybody of the workspace may: who did is shown. */
  acknowledge(actor: Actor, runId: string): Promise<Alarm>;
  /** Has it healed and looked at again now. */
  check(actor: Actor, runId: string): Promise<Alarm>;
  /** Has a target's pod restarted. Only who may approve may ask for it. */
  restart(actor: Actor, runId: string, pod: string): Promise<void>;
  /** Says what a restart would do, for those who must confirm it in text; rejects where it cannot be asked for. */
  describeRestart(actor: Actor, runId: string, pod: string): Promise<string>;
}
