/**
 * A whole number as a program or a server writes one; null for anything else. `Number("")` is 0: read by it, an answer
 * that never came would be a figure.
 */
export function wholeNumber(value: unknown): number | null {
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  if (typeof text !== "string" || !/^\s*-?\d{1,16}\s*$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

/** The same where there must be one. Throws with what was said instead. */
export function requireWholeNumber(value: unknown, what: string): number {
  const number = wholeNumber(value);
  if (number !== null) return number;
  const said = typeof value === "string" && value.trim() !== "" ? `"${value.trim().slice(0, 60)}"` : "nothing";
  throw new Error(`${what} could not be read: the answer was ${said}`);
}

/** A server's value as text; null for what is none. Also of what has no text of its own, as JSON can hold it. */
export function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint" ? String(value) : null;
}
