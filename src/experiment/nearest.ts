import { distance } from "fastest-levenshtein";

/**
 * The candidate nearest to what was typed, or undefined when none is near: at most a third of the typed letters may
 * differ, and never more than three (one for words of up to four letters).
 */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const word = typed.toLowerCase();
  const limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const apart = distance(word, candidate.toLowerCase());
    if (apart < bestDistance) [best, bestDistance] = [candidate, apart];
  }
  return best ?? candidates.find((candidate) => word.length >= 3 && candidate.toLowerCase().includes(word));
}
