import { AftershockError } from "../errors.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** One or more numbers, each with its unit. */
export const durationPattern = /^(\d+(ms|s|m|h))+$/;

/**
 * Milliseconds of a text such as `500ms`, `15s`, `2m` or `1m30s`. A bare number is refused: nobody should have to
 * guess whether `10` means seconds. Throws AftershockError `bad_parameter`.
 */
export function parseDurationMs(text: string): number {
  if (!durationPattern.test(text)) {
    throw new AftershockError(
      "bad_parameter",
      `"${text}" is not a duration.`,
      "Write a number with a unit: 500ms, 15s, 2m or 1m30s.",
    );
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h)/g)) total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
  return total;
}

/** The shortest text that parses back to the same number: 90000 → `1m30s`, 250 → `250ms`. */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs);
  if (rest === 0) return "0ms";
  let text = "";
  for (const unit of ["h", "m", "s", "ms"]) {
    const size = unitMs[unit] ?? 1;
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}
