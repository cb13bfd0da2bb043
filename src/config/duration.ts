import { z } from "zod";
import { parseDurationMs } from "../experiment/duration.ts";

/**
 * A shorter wait would be a busy loop; a timer of Node that is set for more than 24.8 days fires at once. Both by one
 * slip of the unit.
 */
const boundsMs = { least: 100, most: 7 * 24 * 3_600_000 } as const;

const text = z.string().regex(/^(\d+(ms|s|m|h))+$/, "must be a duration such as 500ms, 15s or 1m30s");
const isBounded = (ms: number): boolean => ms >= boundsMs.least && ms <= boundsMs.most;
const outOfBounds = "must be from 100ms to 168h";

/** `15m` and the like, as milliseconds. */
export const duration = (fallback: string) =>
  text.default(fallback).transform(parseDurationMs).refine(isBounded, outOfBounds);

/** As `duration`, where leaving it out means something else than a default. */
export const givenDuration = text.transform(parseDurationMs).refine(isBounded, outOfBounds);
