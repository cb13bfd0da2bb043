import { z } from "zod";
import { durationPattern } from "./duration.ts";

/** Texts that stand in many places of an experiment file. */
export const identifier = z.string().regex(/^[a-z][a-z0-9-]{1,61}$/, "lower-case letters, digits and dashes");

/** Durations are text such as `500ms`, `15s`, `2m`, `1m30s`. */
export const durationText = z.string().regex(durationPattern, "a duration such as 500ms, 15s or 1m30s");
