import { z } from "zod";
import { parseDurationMs } from "../experiment/duration.ts";

const text = z.string().regex(/^(\d+(ms|s|m|h))+$/, "must be a duration such as 500ms, 15s or 1m30s");

/** `15m` and the like, as milliseconds. */
export const duration = (fallback: string) => text.default(fallback).transform(parseDurationMs);

/** As `duration`, where leaving it out means something else than a default. */
export const givenDuration = text.transform(parseDurationMs);
