import type { Plan } from "../plan.ts";

/**
 * requested: waits for approval. active: comes due. ended: its approval is over, or no longer fits. denied, expired,
 * cancelled: as they say.
 */
export type ScheduleState = "requested" | "active" | "ended" | "denied" | "expired" | "cancelled";

/** Whether a due time starts a run by the schedule's own approval, or only asks for one. See `kindFor`. */
export type ScheduleKind = "starts" | "asks";

/** A schedule as commands and cards need it. Times are ISO 8601. */
export interface Schedule {
  id: string;
  experiment: string;
  cluster: string;
  /** As typed. */
  parameters: Readonly<Record<string, string>>;
  profile: string | null;
  /** Five fields of cron. */
  pattern: string;
  /** IANA name. */
  timeZone: string;
  kind: ScheduleKind;
  /** As it was when the schedule was asked for. */
  plan: Plan;
  /** Of the plan without its pods (`shapeDigest`): what the approval is for. */
  shapeDigest: string;
  teamId: string;
  channelId: string;
  requestedBy: string;
  approvedBy: string[];
  state: ScheduleState;
  requestExpiresAt: string;
  /** Counted from the approval. */
  validForDays: number;
  runsAllowed: number;
  approvedUntil: string | null;
  runsUsed: number;
  nextDueAt: string | null;
  /** The due time that is being started now. */
  startingAt: string | null;
  claimFence: number;
  claimedAt: string | null;
  lastRunId: string | null;
  lastProblem: string | null;
}

/** Everything that happens to a schedule, one append-only row of `schedule_events` each. */
export type ScheduleEventBody =
  /** `next`: the first three times, had it been approved at once. */
  | { type: "requested"; by: string; next: string[] }
  | { type: "approved"; by: string; reason: string | null; given: number; needed: number }
  | { type: "activated"; until: string; runs: number; next: string[] }
  | { type: "denied"; by: string; reason: string | null }
  | { type: "expired" }
  | { type: "cancelled"; by: string }
  /** A run was started (or, for kind asks, asked for). `lateMs` is how long after its time that was. */
  | { type: "due"; run: string; dueAt: string; lateMs: number; number: number; of: number }
  | { type: "cannot-start"; dueAt: string; code: string; message: string; hint: string }
  /** Due times that passed while nobody worked; none of them is run. */
  | { type: "missed"; count: number; first: string; last: string }
  | { type: "ended"; reason: string };

export type ScheduleEvent = ScheduleEventBody & { schedule: string; seq: number; at: string };

/** True for what names a schedule where a run could be named too. */
export function isScheduleId(typed: string): boolean {
  return /^schedule-\d+$/i.test(typed.trim());
}

/** What a person would type to ask for the same schedule again. */
export function scheduleCommand(schedule: Schedule): string {
  const { experiment, pattern, timeZone, cluster, profile, parameters } = schedule;
  const options = [
    `tz=${timeZone}`,
    `cluster=${cluster}`,
    ...(profile === null ? [] : [`profile=${profile}`]),
    ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`),
  ];
  return `/chaos schedule ${experiment} "${pattern}" ${options.join(" ")}`;
}
