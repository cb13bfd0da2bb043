/** Adds a number to runs of consecutive numbers, in the order in which they come. */
export function addToRanges(ranges: Array<[from: number, to: number]>, value: number): void {
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
