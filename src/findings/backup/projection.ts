import { durationBoundMs } from "../duration-bound.ts";
import type { JudgeContext } from "../judge.ts";

/** Less than this restores in so short a time that starting the programs is most of it. */
export const leastProjectableBytes = 16_000_000;

/** The rest of a recovery, which no restore test measures: all from the run's parameters. */
const otherParts = ["detection", "decision", "download", "warmUp"] as const;

export interface Projection {
  /** Bytes on disk of what was restored, per second. */
  bytesPerSecond: number;
  productionBytes: number;
  /** `productionBytes / bytesPerSecond`: linear, which is the formula's weakness. */
  restoreMs: number;
  parts: Array<{ part: string; durationMs: number }>;
  /** Detection, decision, download, restore and warm-up. */
  totalMs: number;
  rtoMs: number;
  held: boolean;
  /** False: too little was restored to say so. */
  reliable: boolean;
}

/**
 * What a recovery of the production database would take, from the rate that was measured: restore = production size ÷
 * (restored bytes ÷ restore time), plus the parts that a test does not have (the training module's question 6). Null
 * when nothing was restored. Sizes are bytes on disk on both sides; a dump's own size depends on its compression.
 */
export function projectRecovery(
  context: JudgeContext,
  restored: { bytes: number; tookMs: number } | null,
): Projection | null {
  const gigabytes = context.parameters["productionSizeGb"];
  const rtoMs = durationBoundMs(context, "rtoTarget");
  if (restored === null || restored.tookMs <= 0 || restored.bytes <= 0) return null;
  if (typeof gigabytes !== "number" || rtoMs === null) return null;
  const bytesPerSecond = (1000 * restored.bytes) / restored.tookMs;
  const productionBytes = gigabytes * 1e9;
  const restoreMs = (1000 * productionBytes) / bytesPerSecond;
  const parts = otherParts.map((part) => ({ part, durationMs: durationBoundMs(context, part) ?? 0 }));
  const totalMs = restoreMs + parts.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const reliable = restored.bytes >= leastProjectableBytes;
  return { bytesPerSecond, productionBytes, restoreMs, parts, totalMs, rtoMs, held: totalMs <= rtoMs, reliable };
}
