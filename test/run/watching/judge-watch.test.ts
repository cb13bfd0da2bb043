import { describe, expect, it } from "vitest";
import type { WatchPlan } from "../../../src/experiment/resolve-watch.ts";
import { judgeWatch, notYetAsked, readingOf, type Reading } from "../../../src/run/watching/judge-watch.ts";
import { guardOf } from "../../../src/run/watching/watch-guard.ts";

const plan: WatchPlan = {
  id: "errors",
  title: "Errors",
  ask: { of: "prometheus", query: "errors" },
  limit: { above: 5 },
  forMs: 2000,
  onUnknown: "stop",
  unknownAfterMs: 3000,
};
const known = (holds: boolean): Reading => ({ known: true, holds, measured: holds ? "9" : "1" });
const unknown: Reading = { known: false, why: "no data" };

/** Judges readings a second apart; what stopped the run at which of them. */
function stopsAt(readings: readonly Reading[], of: WatchPlan = plan): [number, string] | null {
  let state = notYetAsked;
  for (const [index, reading] of readings.entries()) {
    const judged = judgeWatch(of, state, reading, index * 1000);
    if (judged.stops !== null) return [index, judged.stops];
    state = judged.state;
  }
  return null;
}

describe("a watched condition", () => {
  it("stops the run when it has held for its time, not before", () => {
    expect(stopsAt([known(true), known(true), known(true)])).toEqual([2, "9"]);
    expect(stopsAt([known(true), known(true), known(false), known(true), known(true)])).toBeNull();
  });
  it("stops the run when it is not known for long, unless it says that it may", () => {
    const dark = [known(false), unknown, unknown, unknown, unknown];
    expect(stopsAt(dark)).toEqual([4, "unknown for 3s: no data"]);
    expect(stopsAt(dark, { ...plan, onUnknown: "continue" })).toBeNull();
    expect(stopsAt([unknown, unknown, known(false), unknown, unknown, unknown])).toBeNull();
  });
  it("does not take not knowing for fine: what held before it still counts", () => {
    expect(stopsAt([known(true), unknown, known(true)])).toEqual([2, "9"]);
  });
});

describe("a reading", () => {
  it("takes the worst series, and compares strictly", () => {
    const samples = [5, 7, 6].map((value) => ({ value, series: `{i="${value}"}` }));
    expect(readingOf(plan, samples)).toEqual({ known: true, holds: true, measured: '7 of {i="7"}' });
    expect(readingOf(plan, samples.slice(0, 1))).toMatchObject({ holds: false });
    expect(readingOf({ ...plan, limit: { below: 6 } }, samples)).toMatchObject({ holds: true });
  });
  it("is unknown without data or number, never fine", () => {
    expect(readingOf(plan, [])).toEqual({ known: false, why: "no data" });
    expect(readingOf(plan, [{ value: Number.NaN, series: "{}" }])).toMatchObject({ known: false });
    expect(
      readingOf(plan, [
        { value: Number.NaN, series: "{}" },
        { value: 1, series: "{}" },
      ]),
    ).toMatchObject({
      known: false,
    });
  });
  it("of alerts: none firing is an answer", () => {
    const alert: WatchPlan = { ...plan, ask: { of: "alertmanager", filters: [] }, limit: { above: 0 } };
    expect(readingOf(alert, [])).toMatchObject({ known: true, holds: false });
    expect(readingOf(alert, [{ value: 1, series: "Down{}" }])).toEqual({
      known: true,
      holds: true,
      measured: "firing: Down{}",
    });
  });
});

describe("the guard watch-conditions", () => {
  it("refuses what holds already, with the value, and what is unknown unless it may be", () => {
    expect(guardOf(plan, known(true))).toMatchObject({ ok: false, measured: "9", bound: "not above 5" });
    expect(guardOf(plan, unknown)).toMatchObject({ ok: false, measured: "unknown: no data" });
    expect(guardOf({ ...plan, onUnknown: "continue" }, unknown).ok).toBe(true);
    expect(guardOf(plan, known(false)).ok).toBe(true);
  });
});
