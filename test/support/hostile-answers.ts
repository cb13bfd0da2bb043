import fc from "fast-check";
import { expect } from "vitest";
import { hostileText, hostileValue, tries } from "./fuzz.ts";

/** JSON of any shape, with the fields that are looked for at any place and of any type, text that is none included. */
export const told = (...fields: string[]): fc.Arbitrary<Record<string, unknown>> => {
  const odd = fc.constantFrom<unknown>({ toString: 1 }, { valueOf: null }, [{ toString: "x" }], [null], [[]]);
  const inner = fc.oneof(hostileValue, odd, fc.dictionary(fc.constantFrom(...fields), fc.oneof(hostileValue, odd)));
  return fc.dictionary(fc.constantFrom(...fields), fc.oneof(inner, fc.array(inner, { maxLength: 3 })));
};
export const lines = fc.array(hostileText, { maxLength: 6 }).map((all) => all.join("\n"));

/** No figure in it is NaN or infinite. */
export function onlyFigures(value: unknown): void {
  if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) onlyFigures(inner);
}
/** The property holds for a few hundred hostile values, more with FUZZ_TIMES. */
export const always = (property: fc.IProperty<never> | fc.IRawProperty<unknown>): void =>
  fc.assert(property as fc.IProperty<unknown>, tries(200));
