/** A moment that is expected without a range ("T+5 s") is met within a second. */
const pointToleranceMs = 1000;

/** Where a measured time lies beside an expected range. */
export function placeOf(
  valueMs: number,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): "earlier" | "inside" | "later" {
  const tolerance = fromMs === toMs ? pointToleranceMs : 0;
  if (valueMs < fromMs - tolerance) return "earlier";
  return valueMs > toMs + tolerance ? "later" : "inside";
}
