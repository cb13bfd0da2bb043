import { nearest } from "../experiment/nearest.ts";

/**
 * The id that somebody meant who typed one that does not exist: the same number with another word before it (`rnu-12`), or
 * else one that is a single slip away (`run-21` for `run-12`). Null: none is that near. Pure.
 */
export function meantId(typed: string, recent: readonly string[]): string | null {
  const number = /(\d+)\s*$/.exec(typed)?.[1];
  const same = recent.find((id) => number !== undefined && id.endsWith(`-${Number(number)}`));
  if (same !== undefined) return same;
  const close = nearest(typed, recent);
  return close !== undefined && isOneSlip(typed.trim().toLowerCase(), close) ? close : null;
}

/** Short numbers are near each other by chance: only digits that changed places count, or one at an end too much or too few. */
function isOneSlip(a: string, b: string): boolean {
  if (a.length === b.length) return [...a].toSorted().join("") === [...b].toSorted().join("");
  return Math.abs(a.length - b.length) === 1 && (a.includes(b) || b.includes(a));
}

/** The hint for an id that does not exist. Pure. */
export function nearHint(typed: string, recent: readonly string[], otherwise: string): string {
  const meant = meantId(typed, recent);
  return meant === null ? otherwise : `Did you mean ${meant}? ${otherwise}`;
}
