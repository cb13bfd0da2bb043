import { momentOf } from "../approvals/zones.ts";
import { AftershockError } from "../errors.ts";

const example = 'For example: date="2026-12-01 09:00" tz=Europe/Berlin';

/**
 * A time as somebody types it, `2026-12-01 09:00` by the clocks of a zone, or a whole ISO 8601 moment; as ISO 8601. Throws
 * AftershockError `bad_parameter` for what is no time, or no zone.
 */
export function plannedTime(typed: string, timeZone: string): string {
  const text = typed.trim();
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && Number.isFinite(Date.parse(text))) {
    return new Date(text).toISOString();
  }
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?$/.exec(text);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = (parts ?? []).slice(1).map((part) => Number(part ?? 0));
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60;
  if (parts === null || !exists) {
    throw new AftershockError("bad_parameter", `"${typed}" is no date and time.`, example);
  }
  try {
    return momentOf({ year, month, day, minute: hour * 60 + minute }, timeZone).toISOString();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AftershockError("bad_parameter", `There is no time zone "${timeZone}".`, example);
  }
}
