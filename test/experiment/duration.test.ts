import { describe, expect, it } from "vitest";
import { fc, test } from "@fast-check/vitest";
import { formatDuration, parseDurationMs } from "../../src/experiment/duration.ts";

describe("durations", () => {
  it.each([
    ["500ms", 500],
    ["15s", 15_000],
    ["2m", 120_000],
    ["1m30s", 90_000],
    ["1h", 3_600_000],
  ])("reads %s as %d ms", (text, durationMs) => expect(parseDurationMs(text)).toBe(durationMs));

  it.each(["10", "", "-5s", "5 s", "1.5s", "s", "5sec", "1e3ms"])(
    "refuses %j, which leaves room for guessing",
    (text) => expect(() => parseDurationMs(text)).toThrow(/not a duration/),
  );

  test.prop([fc.integer({ min: 0, max: 10 ** 9 })])("writes what it reads back", (durationMs) => {
    expect(parseDurationMs(formatDuration(durationMs))).toBe(durationMs);
  });
});
