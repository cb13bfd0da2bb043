/** The middle value; of an even number of them the mean of the two in the middle. Null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Median absolute deviation: the median distance from the median. Null of none. */
export function medianDeviation(values: readonly number[]): number | null {
  const middle = median(values);
  return middle === null ? null : median(values.map((value) => Math.abs(value - middle)));
}

/**
 * How far from the median a value may be before it is an outlier: |0.6745 · (x − median) / MAD| > 3.5, the modified
 * z-score of B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers" (ASQC, 1993), which NIST's e-Handbook of
 * Statistical Methods (1.3.5.17) recommends. One bad run among them moves neither median nor MAD much.
 */
export function outlierDistance(deviation: number): number {
  return (3.5 * deviation) / 0.6745;
}

/**
 * The chance, by the exact Mann-Kendall test (M. G. Kendall, "Rank Correlation Methods"), that values without any trend lie
 * as much in one direction as these do, either way. Ties count for neither direction, so that they make it larger.
 */
export function trendByChance(values: readonly number[]): number {
  const pairs = (values.length * (values.length - 1)) / 2;
  const inversions = Math.ceil((pairs - Math.abs(kendallScore(values))) / 2);
  const counts = inversionCounts(values.length);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return Math.min(1, (2 * counts.slice(0, inversions + 1).reduce((sum, count) => sum + count, 0)) / all);
}

/** Pairs that rise less pairs that fall. */
export function kendallScore(values: readonly number[]): number {
  return pairSteps(values).reduce((sum, { rise }) => sum + Math.sign(rise), 0);
}

/** The median slope of all pairs (Theil and Sen): by how much it changes from one value to the next. Null of fewer than two. */
export function medianSlope(values: readonly number[]): number | null {
  return median(pairSteps(values).map(({ rise, apart }) => rise / apart));
}

function pairSteps(values: readonly number[]): Array<{ rise: number; apart: number }> {
  return values.flatMap((from, at) =>
    values.slice(at + 1).map((to, further) => ({ rise: to - from, apart: further + 1 })),
  );
}

/** How many orders of `length` values have 0, 1, 2, … pairs the wrong way round (the Mahonian numbers). */
function inversionCounts(length: number): number[] {
  let counts = [1];
  for (let size = 2; size <= length; size += 1) {
    const next = Array.from({ length: counts.length + size - 1 }, () => 0);
    for (const [at, count] of counts.entries()) {
      for (let more = 0; more < size; more += 1) next[at + more] = (next[at + more] ?? 0) + count;
    }
    counts = next;
  }
  return counts;
}
