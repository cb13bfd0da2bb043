/**
 * Adds a number to runs of consecutive numbers, in the order in which they come. Throws for what is none: something else
 * than our writes is stored there, and what was read says nothing of them then.
 */
export function addToRanges(ranges: Array<[from: number, to: number]>, value: number): void {
  if (!Number.isSafeInteger(value)) throw new Error("something that no client of this run wrote is stored there");
  const last = ranges.at(-1);
  if (last !== undefined && value === last[1] + 1) last[1] = value;
  else ranges.push([value, value]);
}

/** Runs of consecutive numbers, in the order given: `[1, 2, 4]` is `[[1, 2], [4, 4]]`. */
export function foldNumbers(numbers: readonly number[]): Array<[from: number, to: number]> {
  const ranges: Array<[number, number]> = [];
  for (const value of numbers) addToRanges(ranges, value);
  return ranges;
}
