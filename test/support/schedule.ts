import type { Schedule } from "../../src/run/schedules/schedule.ts";
import { plan } from "./database.ts";

/** A schedule that waits for approval. */
export const testSchedule: Schedule = {
  id: "schedule-7",
  experiment: "backup-verification",
  cluster: "lab",
  parameters: { rpo: "12h" },
  profile: null,
  pattern: "0 6 * * 0",
  timeZone: "Europe/Berlin",
  kind: "starts",
  plan: { ...plan, experiment: "backup-verification", title: "The newest backup", risk: "low", faults: [] },
  shapeDigest: "d".repeat(64),
  teamId: "T1",
  channelId: "C1",
  requestedBy: "U0ALICE",
  approvedBy: [],
  state: "requested",
  requestExpiresAt: "2026-11-25T10:00:00.000Z",
  validForDays: 90,
  runsAllowed: 13,
  approvedUntil: null,
  runsUsed: 0,
  nextDueAt: null,
  startingAt: null,
  claimFence: 0,
  claimedAt: null,
  lastRunId: null,
  lastProblem: null,
};
