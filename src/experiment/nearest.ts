import { distance } from "fastest-levenshtein";

/** Nothing that has a name is longer; comparing more with four hundred time zones would only take time. */
const longestWord = 100;

/**
 * The candidate nearest to what was typed, or undefined when none is near: at most a third of the typed letters may
 * differ, and never more than three (one for words of up to four letters).
 */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  if (typed.length > longestWord) return undefined;
  const word = typed.toLowerCase();
  const limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const apart = swapped(word, candidate.toLowerCase()) ? 1 : distance(word, candidate.toLowerCase());
    if (apart < bestDistance) [best, bestDistance] = [candidate, apart];
  }
  return best ?? candidates.find((candidate) => word.length >= 3 && candidate.toLowerCase().includes(word));
}

/** Two neighbouring letters exchanged, the commonest slip: one error, which Levenshtein counts as two (Damerau). */
function swapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return at >= 0 && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}
