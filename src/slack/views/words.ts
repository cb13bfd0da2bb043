import type { RunState } from "../../run/lifecycle.ts";
import type { Plan } from "../../run/plan.ts";
import { escapeText } from "../limits.ts";

/** What a state means for a reader; no state is shown by its bare name alone. */
export const stateWords: Readonly<Record<RunState, { icon: string; text: string }>> = {
  requested: { icon: ":hourglass_flowing_sand:", text: "waiting for approval" },
  approved: { icon: ":white_check_mark:", text: "approved, about to start" },
  preflight: { icon: ":mag:", text: "checking guards" },
  baseline: { icon: ":chart_with_upwards_trend:", text: "measuring the baseline" },
  injecting: { icon: ":zap:", text: "injecting" },
  active: { icon: ":zap:", text: "fault active" },
  healing: { icon: ":adhesive_bandage:", text: "healing" },
  verifying: { icon: ":adhesive_bandage:", text: "proving the cleanup, waiting for recovery" },
  judging: { icon: ":scales:", text: "judging" },
  completed: { icon: ":checkered_flag:", text: "completed" },
  aborted: { icon: ":octagonal_sign:", text: "aborted" },
  failed: { icon: ":x:", text: "failed" },
  interrupted: { icon: ":warning:", text: "interrupted" },
  denied: { icon: ":no_entry:", text: "denied" },
  expired: { icon: ":hourglass:", text: "expired" },
};

/** An id of a person (docs.slack.dev, User object); they have about 11 characters. */
export function isUserId(text: string): boolean {
  return /^[UW][A-Z0-9]{1,30}$/.test(text);
}

export function person(userId: string): string {
  return isUserId(userId) ? `<@${userId}>` : escapeText(userId);
}

export function people(userIds: readonly string[]): string {
  return userIds.length === 0 ? "nobody" : userIds.map(person).join(", ");
}

/** `1.234 s after injection` and the like: seconds with one digit, from milliseconds. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

export function count(value: number | null): string {
  return value === null ? "unknown" : value.toLocaleString("en-US");
}

/** Parameters as they would be typed. */
export function parameterText(plan: Plan): string {
  return escapeText(
    Object.entries(plan.parameters)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(" "),
  );
}

/** Wall-clock time of day with its zone, since a reader's zone is not known to every renderer. */
export function timeOfDay(iso: string): string {
  return `${iso.slice(11, 19)} UTC`;
}

export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

/** True for a run that only works: what it makes to restore into is no fault. */
export function injectsNothing(plan: Plan): boolean {
  return plan.faults.every(({ kind }) => kind === "ScratchPostgres");
}
