import { describe, expect, it } from "vitest";
import type { WayChange } from "../../src/cluster/port.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import { noteWay } from "../../src/run/note-way.ts";
import { history } from "../support/history-builder.ts";

describe("what becomes of the way to the pods", () => {
  it("is in the history since it was down, not since it was noticed, and told in the thread", () => {
    let tell: (change: WayChange) => void = () => undefined;
    const told: RunEventBody[] = [];
    const recorder = createRecorder(history().header, { clock: () => 20_000 });
    const journal = { say: async (...events: RunEventBody[]) => void told.push(...events) };
    noteWay({ watch: (listener) => void (tell = listener) }, recorder, journal, () => 500_000);
    tell({ stands: false, pod: "cache/redis-0", atMs: 497_000, why: "cut off" });
    tell({ stands: true, pod: "cache/redis-0", atMs: 500_000, why: "" });
    // Down since before the recorder began.
    tell({ stands: false, pod: "cache/redis-1", atMs: 400_000, why: "no answer" });
    expect(recorder.history().events).toMatchObject([
      { atMs: 0, event: "way-in-down", detail: { pod: "cache/redis-1", why: "no answer" } },
      { atMs: 17_000, event: "way-in-down", source: "cluster", detail: { pod: "cache/redis-0", why: "cut off" } },
      { atMs: 20_000, event: "way-in-up", detail: { pod: "cache/redis-0" } },
    ]);
    expect(told.map((event) => event.type === "system" && event.event)).toEqual([
      "way-in-down",
      "way-in-up",
      "way-in-down",
    ]);
  });
});
