import { describe, expect, it } from "vitest";
import { kindFor, shapeDigest } from "../../src/run/schedules/approval-scope.ts";
import { defaultBounds, parseRunsAllowed, parseValidForDays } from "../../src/run/schedules/bounds.ts";
import { checkTiming, timesAfter, timesBetween } from "../../src/run/schedules/cron.ts";
import { scheduleCommand } from "../../src/run/schedules/schedule.ts";
import { parseCommandLine } from "../../src/slack/command-line.ts";
import { plan } from "../support/database.ts";
import { testSchedule } from "../support/schedule.ts";

const isoTimes = (times: readonly Date[]): string[] => times.map((time) => time.toISOString());

describe("a schedule's times", () => {
  it("are in its zone, on both sides of the change of clocks", () => {
    const timing = checkTiming(" 0 6  * * 0 ", "europe/berlin");
    expect(timing).toEqual({ pattern: "0 6 * * 0", timeZone: "Europe/Berlin" });
    expect(isoTimes(timesAfter(timing, new Date("2026-10-17T12:00:00Z"), 3))).toEqual([
      "2026-10-18T04:00:00.000Z",
      "2026-10-25T05:00:00.000Z",
      "2026-11-01T05:00:00.000Z",
    ]);
  });
  it("between two moments begin with the one that was stored, whatever the pattern says", () => {
    const timing = checkTiming("0 * * * *", "UTC");
    const between = (first: string, until: string) => isoTimes(timesBetween(timing, new Date(first), new Date(until)));
    expect(between("2026-11-24T09:00:00Z", "2026-11-24T11:00:00Z")).toEqual([
      "2026-11-24T09:00:00.000Z",
      "2026-11-24T10:00:00.000Z",
      "2026-11-24T11:00:00.000Z",
    ]);
    expect(between("2026-11-24T09:07:01Z", "2026-11-24T09:08:00Z")).toEqual(["2026-11-24T09:07:01.000Z"]);
    expect(between("2026-11-24T09:00:00Z", "2026-11-24T08:59:59Z")).toEqual([]);
  });
  it.each([
    ["0 6 * *", "UTC", /five fields/],
    ["0 0 6 * * 0", "UTC", /five fields/],
    ["0 25 * * *", "UTC", /is not a schedule/],
    ["0 0 31 2 *", "UTC", /is not a schedule/],
    ["H 6 * * 0", "UTC", /H is not a time/],
    ["whenever it suits you all", "UTC", /is not a schedule/],
    ["*/30 * * * *", "UTC", /2 times in an hour/],
    ["* 6 * * 0", "UTC", /60 times in an hour/],
    ["0 6 * * 0", "Europe/Brelin", /no time zone "Europe\/Brelin"/],
  ])("%j in %s is refused, and says how to write it", (pattern, zone, message) => {
    expect(() => checkTiming(pattern, zone)).toThrow(message);
  });
  it("names the nearest time zone", () => {
    expect(() => checkTiming("0 6 * * 0", "Europe/Brelin")).toThrow(
      expect.objectContaining({ hint: "Did you mean tz=Europe/Berlin?" }),
    );
  });
  it.each(["0 * * * *", "0 6 * * SUN", "30 2 1 * *", "0 6 * * 1-5"])("%j is taken", (pattern) => {
    expect(checkTiming(pattern, "UTC").pattern).toBe(pattern);
  });
});

describe("the bounds of an approval", () => {
  it("are a quarter of weekly runs unless they are given", () => {
    expect([parseValidForDays(undefined), parseRunsAllowed(undefined)]).toEqual([
      defaultBounds.validForDays,
      defaultBounds.runsAllowed,
    ]);
    expect([parseValidForDays("12w"), parseValidForDays("1d"), parseRunsAllowed("366")]).toEqual([84, 1, 366]);
  });
  it.each(["0d", "367d", "53w", "90", "3h", "-1d", ""])("for=%s is refused", (typed) =>
    expect(() => parseValidForDays(typed)).toThrow(/1d to 366d/),
  );
  it.each(["0", "367", "-1", "1.5", "many", ""])("runs=%s is refused", (typed) =>
    expect(() => parseRunsAllowed(typed)).toThrow(/1 to 366/),
  );
});

describe("what the approval of a schedule is for", () => {
  const fault = plan.faults[0];
  if (fault === undefined) throw new Error("the plan has no fault");
  const scratch = { ...fault, kind: "ScratchPostgres" };
  it("starts only what is of low risk and injects nothing", () => {
    expect(kindFor({ ...plan, risk: "low", faults: [] })).toBe("starts");
    expect(kindFor({ ...plan, risk: "low", faults: [scratch] })).toBe("starts");
    expect(kindFor({ ...plan, risk: "low" })).toBe("asks");
    expect(kindFor({ ...plan, risk: "medium", faults: [] })).toBe("asks");
    expect(kindFor({ ...plan, risk: "high", faults: [scratch] })).toBe("asks");
  });
  it("is the same on other pods, and another for anything else", () => {
    const spec = { mode: "all", selector: { pods: { cache: ["redis-0"] } }, image: "a" };
    const before = { ...plan, faults: [{ ...fault, spec }] };
    const moved = {
      ...plan,
      topology: "master redis-2",
      faults: [
        {
          ...fault,
          subject: ["redis-2"],
          target: ["redis-0"],
          resolved: { node: "worker-2" },
          spec: { ...spec, selector: { pods: { cache: ["redis-2"] } } },
        },
      ],
    };
    expect(shapeDigest(moved)).toBe(shapeDigest(before));
    const others = [
      { ...before, parameters: { ...before.parameters, rate: 101 } },
      { ...before, guards: [] },
      { ...before, approvalsNeeded: 2 },
      { ...before, risk: "medium" as const },
      { ...before, faults: [{ ...fault, spec: { ...spec, image: "b" } }] },
      { ...before, faults: [{ ...fault, spec, kind: "PodChaos" }] },
    ];
    for (const other of others) expect(shapeDigest(other)).not.toBe(shapeDigest(before));
  });
});

it("the command to ask again is one that the command line reads back", () => {
  const line = parseCommandLine(scheduleCommand(testSchedule).replace("/chaos ", ""));
  expect(line.words).toEqual(["backup-verification", "0 6 * * 0"]);
  expect(line.options).toEqual({ tz: "Europe/Berlin", cluster: "lab", rpo: "12h" });
});
