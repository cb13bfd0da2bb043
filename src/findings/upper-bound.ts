/**
 * With nothing lost of `acknowledged` writes, the share in percent that may still be lost with 95 % confidence: the rule
 * of three, 3/N (Hanley and Lippman-Hand, JAMA 1983). Null of no writes.
 */
export function lossUpperBoundPercent(acknowledged: number): number | null {
  return acknowledged === 0 ? null : Math.min(100, 300 / acknowledged);
}
