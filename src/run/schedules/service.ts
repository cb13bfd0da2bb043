import type { Actor, RunRequest } from "../service.ts";
import type { Schedule } from "./schedule.ts";

export interface ScheduleRequest {
  run: RunRequest;
  /** As typed. */
  pattern: string;
  timeZone: string;
  validForDays: number;
  runsAllowed: number;
}

/**
 * What commands may do about schedules. Every method validates, records and answers; what starts a run is the due time.
 * All reject with AftershockError for anything a person could mend.
 */
export interface ScheduleService {
  /** Resolves the plan now, so that what cannot be planned is not scheduled. */
  request(actor: Actor, request: ScheduleRequest): Promise<Schedule>;
  approve(actor: Actor, id: string, reason?: string): Promise<Schedule>;
  deny(actor: Actor, id: string, reason?: string): Promise<Schedule>;
  /** Ends it; a run that has started goes on. Anyone in the workspace may. */
  cancel(actor: Actor, id: string): Promise<Schedule>;
  /** Those of a channel that wait or come due, oldest first. */
  open(channelId: string): Promise<Schedule[]>;
}
