import { overdueDays } from "../../run/actions/due.ts";

/** `overdue for 3 days`; nothing when it is not. `at`: what time it is, ISO 8601. */
export function overdueText(dueOn: string, at: string): string {
  const days = overdueDays(dueOn, Date.parse(at));
  if (days === 0) return "";
  return days === 1 ? "overdue since yesterday" : `overdue for ${days} days`;
}
