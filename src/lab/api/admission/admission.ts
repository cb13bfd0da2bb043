import type { LabObject } from "../../objects.ts";
import type { StatusCause } from "../status.ts";

/**
 * What one kind asks of its objects beyond its schema. All functions are pure; objects are mutable copies only in
 * `setDefaults`.
 */
export interface Admission {
  /** Fills in what the real server (or its mutating webhook) would. */
  setDefaults?: (object: LabObject) => void;
  /** Field errors of a new object: answered with 422. */
  validateCreate?: (object: LabObject) => StatusCause[];
  /** Field errors of a change: answered with 422. */
  validateUpdate?: (before: LabObject, after: LabObject) => StatusCause[];
  /** The validating webhook: what it says against a new object or a change, or null. Answered with 403. */
  webhook?: { name: string; deny: (before: LabObject | undefined, after: LabObject) => string | null };
}
