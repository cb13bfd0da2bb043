/** A moment as the clocks of a zone show it. */
export interface LocalTime {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  /** Of the day, 0 to 1439. */
  minute: number;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of an IANA zone show at a moment. Throws RangeError for a zone that does not exist. */
export function localTime(at: Date, timeZone: string): LocalTime & { weekday: number } {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  const date = Date.UTC(year, month - 1, day);
  // Monday is 1, Sunday 7 (ISO 8601).
  return { year, month, day, minute: hour * 60 + minute, weekday: ((new Date(date).getUTCDay() + 6) % 7) + 1 };
}

/**
 * The moment at which the clocks of a zone show a local time: the first of two when clocks are put back, and the moment
 * of the change when they are put forward over it.
 */
export function momentOf(local: LocalTime, timeZone: string): Date {
  const wanted = Date.UTC(local.year, local.month - 1, local.day) + local.minute * minuteMs;
  // No zone is further than 15 h from UTC. The offsets around the time are all that it can have.
  const offsets = [-dayMs, dayMs].map((shift) => offsetMs(new Date(wanted + shift), timeZone));
  const exact = offsets
    .map((offset) => wanted - offset)
    .filter((at) => at + offsetMs(new Date(at), timeZone) === wanted)
    .toSorted((a, b) => a - b)[0];
  if (exact !== undefined) return new Date(exact);
  // The clocks skip it: with the offset from before the change it is as long after the change as it was skipped by.
  let [early = 0, late = 0] = offsets.map((offset) => wanted - offset).toSorted((a, b) => a - b);
  const before = offsetMs(new Date(early), timeZone);
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2);
    if (offsetMs(new Date(middle), timeZone) === before) early = middle;
    else late = middle;
  }
  return new Date(late);
}

/** The same time of day some days later (or earlier). */
export function plusDays(local: LocalTime, days: number): LocalTime {
  const date = new Date(Date.UTC(local.year, local.month - 1, local.day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), minute: local.minute };
}

function offsetMs(at: Date, timeZone: string): number {
  const { year, month, day, minute } = localTime(at, timeZone);
  return Date.UTC(year, month - 1, day) + minute * minuteMs - Math.floor(at.getTime() / minuteMs) * minuteMs;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  formats.set(timeZone, made);
  return made;
}
