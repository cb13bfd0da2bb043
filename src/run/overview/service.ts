import type { Schedule } from "../schedules/schedule.ts";
import type { Actor, RunRow } from "../service.ts";
import type { Overview } from "./overview.ts";

/** What there is to see across runs and schedules. Reads only, and decides nothing that is not asked again. */
export interface OverviewService {
  /** Rejects with AftershockError `not_allowed` unless the person may see what goes on in all channels. */
  admit(actor: Actor): Promise<void>;
  /**
   * What waits for this person, what runs, and what they may do about it. What may be approved is asked of the policy, as
   * at the click.
   */
  look(actor: Actor): Promise<Overview>;
  /** Schedules that wait for approval or come due, of all channels; soonest first. */
  schedules(): Promise<Schedule[]>;
  /** The newest runs of a channel that were judged. */
  judged(channelId: string, limit: number): Promise<RunRow[]>;
}
