import { describe, expect, it } from "vitest";
import { findOutages } from "../../src/findings/outages.ts";
import { unsoundness } from "../../src/findings/soundness.ts";
import { unseenGaps, wayInDown } from "../../src/findings/unseen.ts";
import { event, history, op } from "../support/history-builder.ts";

const down = (atMs: number, pod = "cache/redis-0", why = "cut off") =>
  event(atMs, "cluster", "way-in-down", { pod, why });
const up = (atMs: number, pod = "cache/redis-0") => event(atMs, "cluster", "way-in-up", { pod });
/** A write every 10 ms for 20 s; those in the stretches are unknown. */
const writes = (...bad: Array<[from: number, to: number]>) =>
  Array.from({ length: 2000 }, (_, index) => {
    const at = index * 10;
    const missed = bad.some(([from, to]) => at >= from && at < to);
    return op({ seq: index + 1, at, ...(missed ? { outcome: "unknown" as const, error: "reset" } : {}) });
  });
const lengths = (events: ReturnType<typeof down>[], ...bad: Array<[number, number]>) =>
  findOutages(history({ operations: writes(...bad), events })).map(({ startMs, endMs }) => [startMs, endMs]);

describe("a stretch in which the way to the pods was down", () => {
  it("is no outage of the system; without the events it is one", () => {
    expect(lengths([], [5000, 9000])).toEqual([[5000, 9000]]);
    expect(lengths([down(4900), up(8800)], [5000, 9000])).toEqual([]);
  });

  it("hides no outage that lies outside of it, nor one that goes on after it", () => {
    expect(lengths([down(4900), up(8800)], [5000, 9000], [15_000, 16_000])).toEqual([[15_000, 16_000]]);
    // Clients have 2 s to connect again; what is down then is down.
    expect(lengths([down(4900), up(8000)], [5000, 14_000])).toEqual([[10_010, 14_000]]);
    expect(lengths([down(7000), up(8000)], [3000, 14_000])).toEqual([[3000, 14_000]]);
  });

  it("reaches to the end when the way never stood again", () => {
    expect(lengths([down(4900)], [5000, 20_000])).toEqual([]);
    expect(unseenGaps(history({ events: [down(4900)] }))).toMatchObject([{ fromMs: 4900, toMs: null }]);
  });

  it("is one for pods whose ways were down together", () => {
    const events = [down(1000), down(1200, "cache/redis-1", "no answer"), up(3000), up(3500, "cache/redis-1")];
    events.push(down(9000), up(9500));
    expect(unseenGaps(history({ events }))).toEqual([
      { fromMs: 1000, toMs: 3500, pods: ["cache/redis-0", "cache/redis-1"], why: ["cut off", "no answer"] },
      { fromMs: 9000, toMs: 9500, pods: ["cache/redis-0"], why: ["cut off"] },
    ]);
  });

  it("is said in a finding, and nothing can be concluded when it lies after the injection", () => {
    const injected = event(6000, "run", "fault-injected");
    const before = history({ operations: writes(), events: [down(1000), up(2000), injected] });
    const after = history({ operations: writes(), events: [injected, down(7000), up(9500)] });
    const reason = "the probes did not see the system from 7.00 s to 9.50 s (the way in was down)";
    expect(unsoundness(after)).toContain(reason);
    expect(unsoundness(before).join()).not.toContain("did not see");
    expect(wayInDown({ history: after })).toMatchObject({
      id: "probe.way-in-down",
      evidence: [
        "not seen by the probes from 7.00 s to 9.50 s of the run (the way in to cache/redis-0 was down: cut off)",
      ],
    });
    expect(wayInDown({ history: history({ operations: writes([5000, 9000]), events: [injected] }) })).toBeNull();
  });
});
