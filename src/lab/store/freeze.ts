import type { LabObject } from "../objects.ts";

/** A mutable copy in wire form: what JSON would carry (no undefined, dates as strings). */
export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Freezes an object and everything below it, in place. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

/** The form in which the store keeps an object: detached from its giver and deeply frozen. */
export function frozenCopy(object: LabObject): LabObject {
  return deepFreeze(copyOf(object));
}
