import { localTime, momentOf, plusDays, type LocalTime } from "./zones.ts";

/**
 * A time that comes once, or again every week, by the clocks of an IANA zone: its begin belongs to it, its end does not.
 * A weekly window that ends at or before it begins goes on into the next day.
 */
export type Window =
  | { kind: "once"; timeZone: string; from: LocalTime; until: LocalTime }
  | {
      kind: "weekly";
      timeZone: string;
      /** The days on which it begins; Monday is 1, Sunday 7. */
      days: readonly number[];
      /** Minutes of the day, 0 to 1440. */
      fromMinute: number;
      untilMinute: number;
    };

interface Span {
  from: Date;
  until: Date;
}

const dayMinutes = 1440;
/** A week, and what clocks are put forward and back by in it. */
const endlessAfterMs = 8 * 86_400_000;

/** The end of what does not end: the last moment that a Date can be. */
export const endless = new Date(8.64e15);

/**
 * When the window that a moment is in ends, following it through those that begin as it ends; `endless` when they follow
 * each other all the time; null when it is in none.
 */
export function endOf(windows: readonly Window[], at: Date): Date | null {
  let end: Date | null = null;
  let weeklySince = at.getTime();
  for (;;) {
    const moment: Date = end ?? at;
    const held = windows.flatMap((window) =>
      spansAround(window, moment)
        .filter(holds(moment))
        .map(({ until }) => ({ until: until.getTime(), kind: window.kind })),
    );
    const [last] = held.toSorted((a, b) => b.until - a.until);
    if (last === undefined) return end;
    end = new Date(last.until);
    if (last.kind === "once") weeklySince = last.until;
    // What follows itself for a week follows itself the next week, too.
    else if (last.until - weeklySince > endlessAfterMs) return endless;
  }
}

/** When a window begins next after a moment; null when it does not any more. */
export function nextBegin(window: Window, after: Date): Date | null {
  const begins = spansAround(window, after)
    .map(({ from, until }) => (until > from ? from.getTime() : Infinity))
    .filter((from) => from > after.getTime() && Number.isFinite(from));
  return begins.length === 0 ? null : new Date(Math.min(...begins));
}

const holds =
  (at: Date) =>
  ({ from, until }: Span): boolean =>
    from <= at && at < until;

/** The window's times from a day before to a week after; of one that comes once, that one. */
function spansAround(window: Window, at: Date): Span[] {
  const { timeZone } = window;
  if (window.kind === "once") {
    return [{ from: momentOf(window.from, timeZone), until: momentOf(window.until, timeZone) }];
  }
  const today = localTime(at, timeZone);
  const overnight = window.untilMinute <= window.fromMinute;
  return Array.from({ length: 10 }, (_unused, index) => index - 2)
    .filter((days) => window.days.includes(((((today.weekday - 1 + days) % 7) + 7) % 7) + 1))
    .map((days) => {
      const on = (minute: number, later: number): Date => {
        const wholeDays = Math.floor(minute / dayMinutes);
        const day = plusDays(today, days + later + wholeDays);
        return momentOf({ ...day, minute: minute - wholeDays * dayMinutes }, timeZone);
      };
      return { from: on(window.fromMinute, 0), until: on(window.untilMinute, overnight ? 1 : 0) };
    });
}
