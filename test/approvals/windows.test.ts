import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { endless, endOf, nextBegin, type Window } from "../../src/approvals/windows.ts";
import { momentText } from "../../src/approvals/words.ts";
import { localTime, momentOf } from "../../src/approvals/zones.ts";

const at = (iso: string): Date => new Date(iso);
const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
const weekly = (days: number[], fromMinute: number, untilMinute: number, timeZone = "Europe/Berlin"): Window => ({
  kind: "weekly",
  timeZone,
  days,
  fromMinute,
  untilMinute,
});
const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"];

describe("the clocks of a zone", () => {
  property.prop([
    fc.constantFrom(...zones),
    fc.date({ min: at("2024-01-01T00:00:00Z"), max: at("2029-01-01T00:00:00Z"), noInvalidDate: true }),
  ])("lead back to the moment, or to the first of two that look alike", (zone, moment) => {
    const minute = new Date(Math.floor(moment.getTime() / 60_000) * 60_000);
    const back = momentOf(localTime(minute, zone), zone);
    expect(localTime(back, zone)).toEqual(localTime(minute, zone));
    expect(back.getTime()).toBeLessThanOrEqual(minute.getTime());
  });
  it("that are put forward over a time mean the moment of the change", () =>
    expect(iso(momentOf({ year: 2027, month: 3, day: 28, minute: 150 }, "Europe/Berlin"))).toBe(
      "2027-03-28T01:00:00.000Z",
    ));
  it("that show a time twice mean the first", () =>
    expect(iso(momentOf({ year: 2026, month: 10, day: 25, minute: 150 }, "Europe/Berlin"))).toBe(
      "2026-10-25T00:30:00.000Z",
    ));
});

describe("a window", () => {
  const hours = weekly([1, 2, 3, 4], 9 * 60, 16 * 60);
  it("holds from its begin to before its end, by the clocks of its zone", () => {
    // A Wednesday; Berlin is an hour before UTC in winter.
    expect(endOf([hours], at("2026-11-25T07:59:59Z"))).toBeNull();
    expect(iso(endOf([hours], at("2026-11-25T08:00:00Z")))).toBe("2026-11-25T15:00:00.000Z");
    expect(endOf([hours], at("2026-11-25T15:00:00Z"))).toBeNull();
    // And two in summer.
    expect(iso(endOf([hours], at("2026-07-01T07:00:00Z")))).toBe("2026-07-01T14:00:00.000Z");
  });
  it("does not hold on another day", () => expect(endOf([hours], at("2026-11-27T10:00:00Z"))).toBeNull());
  it("that ends at or before its begin goes on into the next day, also over the week's end", () => {
    const nights = weekly([7], 22 * 60, 6 * 60);
    expect(iso(endOf([nights], at("2026-11-29T22:00:00Z")))).toBe("2026-11-30T05:00:00.000Z");
    expect(iso(endOf([nights], at("2026-11-30T04:59:00Z")))).toBe("2026-11-30T05:00:00.000Z");
    expect(endOf([nights], at("2026-12-01T04:59:00Z"))).toBeNull();
  });
  it("that another one follows without a gap ends with that one", () => {
    const weekend = weekly([6, 7], 0, 1440);
    const monday = weekly([1], 0, 8 * 60);
    expect(iso(endOf([weekend, monday], at("2026-11-28T12:00:00Z")))).toBe("2026-11-30T07:00:00.000Z");
    expect(iso(endOf([weekend], at("2026-11-28T12:00:00Z")))).toBe("2026-11-29T23:00:00.000Z");
  });
  it("that comes once holds then, and begins no more after it", () => {
    const once: Window = {
      kind: "once",
      timeZone: "America/New_York",
      from: { year: 2026, month: 12, day: 19, minute: 0 },
      until: { year: 2027, month: 1, day: 4, minute: 480 },
    };
    expect(iso(nextBegin(once, at("2026-11-25T00:00:00Z")))).toBe("2026-12-19T05:00:00.000Z");
    expect(iso(endOf([once], at("2026-12-24T00:00:00Z")))).toBe("2027-01-04T13:00:00.000Z");
    expect(nextBegin(once, at("2026-12-19T05:00:00Z"))).toBeNull();
  });
  it("that is always there does not end", () => {
    const days = [1, 2, 3, 4, 5, 6, 7];
    for (const always of [
      [weekly(days, 0, 1440)],
      [weekly(days, 600, 600)],
      [weekly(days, 0, 600), weekly(days, 600, 0)],
    ]) {
      expect(endOf(always, at("2026-11-28T12:00:00Z"))).toBe(endless);
    }
    expect(momentText(endless)).toBe("further notice");
  });
  it("says when it begins next", () =>
    expect(iso(nextBegin(hours, at("2026-11-26T08:00:00Z")))).toBe("2026-11-30T08:00:00.000Z"));
  property.prop([
    fc.constantFrom(...zones),
    fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
    fc.integer({ min: 0, max: 1439 }),
    fc.integer({ min: 1, max: 1440 }),
    fc.date({ min: at("2026-01-01T00:00:00Z"), max: at("2027-12-31T00:00:00Z"), noInvalidDate: true }),
  ])("holds at its next begin, and not at its end unless another follows", (zone, days, from, until, moment) => {
    const window = weekly(days, from, until, zone);
    const begin = nextBegin(window, moment);
    expect(begin).not.toBeNull();
    if (begin === null) return;
    expect(begin.getTime()).toBeGreaterThan(moment.getTime());
    const end = endOf([window], begin);
    // A window of which the clocks skip every minute has no length.
    if (end === null) return;
    expect(end === endless).toBe(days.length === 7 && (until - from) % 1440 === 0);
    if (end === endless) return;
    expect(end.getTime()).toBeGreaterThan(begin.getTime());
    expect(endOf([window], end)).toBeNull();
  });
});
