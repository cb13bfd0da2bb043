/**
 * When a day of the calendar is meant, for people in all zones. A day has begun nearly everywhere when it is noon in UTC
 * (UTC-12 has its midnight then, UTC+12 its end), and is over everywhere at noon of the next one (UTC-12 again, which IEEE
 * 802.16 calls "anywhere on Earth"). So that nobody is reminded too early or called late too soon.
 */
const halfDayMs = 12 * 3_600_000;
const dayMs = 2 * halfDayMs;

/** When its owner is reminded: noon in UTC of that day. Epoch ms. */
export function remindAtMs(dueOn: string): number {
  return Date.parse(`${dueOn}T12:00:00Z`);
}

/** From when on it is overdue: the day is over everywhere. Epoch ms. */
export function overdueFromMs(dueOn: string): number {
  return remindAtMs(dueOn) + dayMs;
}

/** For how many days it has been overdue, counted up to the next whole one; 0: it is not, or no day was set. */
export function overdueDays(dueOn: string | null, nowMs: number): number {
  if (dueOn === null) return 0;
  const lateMs = nowMs - overdueFromMs(dueOn);
  return lateMs < 0 ? 0 : Math.floor(lateMs / dayMs) + 1;
}

/** True for a day that there is, written as `2026-12-10`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // JavaScript takes the 30th of February for the 1st of March.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** The day `days` after a moment, for examples. */
export function dayAfter(now: Date, days: number): string {
  return new Date(now.getTime() + days * dayMs).toISOString().slice(0, 10);
}
