/** `to - from`; null if either was not observed. */
export function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : toMs - fromMs;
}

/** The value if it is a number; an event's detail may hold anything. */
export function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** The value if it is text, and not empty. */
export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
