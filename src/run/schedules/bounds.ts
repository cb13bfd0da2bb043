import { AftershockError } from "../../errors.ts";

/** How long, and for how many runs, the approval of a schedule holds unless it says otherwise: a quarter of weeks. */
export const defaultBounds = { validForDays: 90, runsAllowed: 13 } as const;

const longestDays = 366;
const mostRuns = 366;

/** `90d` or `12w` in days, 1 to 366. Throws AftershockError `bad_parameter`. */
export function parseValidForDays(typed: string | undefined): number {
  if (typed === undefined) return defaultBounds.validForDays;
  const [, amount, unit] = /^(\d{1,4})(d|w)$/.exec(typed) ?? [];
  const days = Number(amount) * (unit === "w" ? 7 : 1);
  if (days >= 1 && days <= longestDays) return days;
  throw new AftershockError(
    "bad_parameter",
    `for=${typed} is not allowed: an approval holds for 1d to ${longestDays}d.`,
    "Write days or weeks, for example for=90d or for=12w.",
  );
}

/** A whole number of runs, 1 to 366. Throws AftershockError `bad_parameter`. */
export function parseRunsAllowed(typed: string | undefined): number {
  if (typed === undefined) return defaultBounds.runsAllowed;
  const runs = /^\d{1,4}$/.test(typed) ? Number(typed) : 0;
  if (runs >= 1 && runs <= mostRuns) return runs;
  throw new AftershockError(
    "bad_parameter",
    `runs=${typed} is not allowed: an approval holds for 1 to ${mostRuns} runs.`,
    "For example: runs=13",
  );
}
