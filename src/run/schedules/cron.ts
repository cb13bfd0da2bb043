import { CronExpressionParser, type CronExpression } from "cron-parser";
import { AftershockError, isAftershockError } from "../../errors.ts";
import { nearest } from "../../experiment/nearest.ts";

/** A checked pattern and time zone. */
export interface Timing {
  pattern: string;
  timeZone: string;
}

/** Hourly for a year, longer than any approval holds. */
const mostTimes = 9000;

/**
 * Checks a pattern of five fields (minute, hour, day of month, month, day of week) and an IANA time zone. It is read by
 * cron-parser, as BullMQ reads it, so that both mean the same times. A schedule comes due once an hour at most: exactly
 * one minute. Throws AftershockError `bad_parameter`.
 */
export function checkTiming(typedPattern: string, typedZone: string): Timing {
  const pattern = typedPattern.trim().replace(/\s+/g, " ");
  const timeZone = checkZone(typedZone);
  if (pattern.split(" ").length !== 5) throw badPattern(pattern, "it needs five fields");
  // cron-parser's H is "some time": another one whenever it is read.
  if (/(^|[\s,])H/.test(pattern)) throw badPattern(pattern, "H is not a time");
  // cron-parser drops what follows a second dash, and would mean other times than were typed.
  if (/-[^\s,/]*-/.test(pattern)) throw badPattern(pattern, "a range has one dash");
  let parsed: CronExpression;
  try {
    parsed = CronExpressionParser.parse(pattern, { tz: timeZone });
    if (hasNoDay(parsed)) throw badPattern(pattern, "none of its months has such a day");
    parsed.next();
  } catch (error) {
    if (isAftershockError(error)) throw error;
    throw badPattern(pattern, error instanceof Error ? error.message : String(error));
  }
  const minutes = parsed.fields.minute.values.length;
  if (minutes > 1) {
    throw new AftershockError(
      "bad_parameter",
      `"${pattern}" comes due ${minutes} times in an hour; a schedule may come due once an hour at most.`,
      `Name one minute, for example "0 * * * *" for every hour, or "0 6 * * 0" for Sundays at 6:00.`,
    );
  }
  return { pattern, timeZone };
}

/** A 31st of June: cron-parser would look for it through centuries, for most of a second. */
function hasNoDay({ fields }: CronExpression): boolean {
  const days = fields.dayOfMonth.values.map(Number).filter(Number.isInteger);
  if (days.length === 0 || !fields.dayOfWeek.isWildcard) return false;
  const longest = Math.max(...fields.month.values.map((month) => new Date(Date.UTC(2024, month, 0)).getUTCDate()));
  return Math.min(...days) > longest;
}

/** The first `count` due times after a moment; fewer where the pattern has no more. */
export function timesAfter(timing: Timing, after: Date, count: number): Date[] {
  const cron = CronExpressionParser.parse(timing.pattern, { tz: timing.timeZone, currentDate: after });
  const times: Date[] = [];
  try {
    while (times.length < count) times.push(cron.next().toDate());
  } catch {
    // cron-parser gives up on a pattern without further times.
  }
  return times;
}

/** All due times from `first`, which is one whatever the pattern says, up to and including `until`. */
export function timesBetween(timing: Timing, first: Date, until: Date): Date[] {
  if (first > until) return [];
  const cron = CronExpressionParser.parse(timing.pattern, { tz: timing.timeZone, currentDate: first, endDate: until });
  const times = [first];
  while (times.length < mostTimes && cron.hasNext()) times.push(cron.next().toDate());
  return times;
}

/** Validated here because BullMQ's own message for a bad zone says nothing ("unhandled timestamp"). */
function checkZone(typed: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: typed }).resolvedOptions().timeZone;
  } catch {
    const close = nearest(typed, Intl.supportedValuesOf("timeZone"));
    throw new AftershockError(
      "bad_parameter",
      `There is no time zone "${typed}".`,
      close === undefined ? "Write it like tz=Europe/Berlin or tz=UTC." : `Did you mean tz=${close}?`,
    );
  }
}

function badPattern(pattern: string, why: string): AftershockError {
  return new AftershockError(
    "bad_parameter",
    `"${pattern}" is not a schedule: ${why}.`,
    `Write minute, hour, day of month, month and day of week, for example "0 6 * * 0" for Sundays at 6:00.`,
  );
}
