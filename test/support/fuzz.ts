import fc from "fast-check";
import { times } from "./fuzz-settings.ts";

/** How often a property is tried: a few times in `npm test`, and FUZZ_TIMES as often where there is time. */
export function tries(few: number): { numRuns: number } {
  return { numRuns: Math.ceil(few * times) };
}

/** Texts that have broken programs: quotes, control characters, halves of pairs, names that every object has, formats. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udc00x",
    "\u202egnp.exe",
    "<!channel>",
    "<@U0BOB>",
    "&lt;!here&gt;",
    "“curly”",
    "‘one’",
    "—dash",
    "'; drop table runs; --",
    "$(id)",
    "`id`",
    "%s%n",
    "${duration}",
    "../../etc/passwd",
    "-0",
    "1e999",
    "NaN",
    "Infinity",
    "99999999999999999999",
    "-1s",
    "0ms",
    "999999999h",
    "\u001b[31mred",
    "\r\n",
    "👩‍👩‍👧‍👦",
    "ﷺ".repeat(50),
    "x".repeat(5000),
  ),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);

/** Values of any JSON type, hostile texts and names of prototypes among them. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 0.5, 1e308, 2 ** 53, [], {}, [[]], [null], { length: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/**
 * How much longer a four times longer input takes, by the quickest of a few tries each. About 4 is linear, 16 quadratic;
 * a regular expression that backtracks without bound is beyond any.
 */
export function growth(length: number, work: (length: number) => () => unknown): number {
  const quickest = (size: number): number => {
    const run = work(size);
    return Math.min(
      ...Array.from({ length: 5 }, () => {
        const began = performance.now();
        run();
        return performance.now() - began;
      }),
    );
  };
  quickest(length);
  return quickest(4 * length) / Math.max(0.05, quickest(length));
}
