import { describe, expect, it } from "vitest";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import { marksOf } from "../../src/telemetry/marks.ts";
import { spansOf, type RunSpan } from "../../src/telemetry/spans.ts";
import { plan } from "../support/database.ts";

const zero = Date.parse("2026-01-01T00:00:00Z");
/** Events at seconds. */
const told = (...bodies: Array<[seconds: number, body: RunEventBody]>): RunEvent[] =>
  bodies.map(([seconds, body], at) => ({
    ...body,
    run: "run-1",
    seq: at + 1,
    at: new Date(zero + seconds * 1000).toISOString(),
  }));
const to = (from: RunState, next: RunState, reason: string | null = null): RunEventBody => ({
  type: "state",
  from,
  to: next,
  reason,
  atMs: null,
});
const requested: RunEventBody = { type: "requested", by: "U1", plan, digest: "d", expiresAt: "" };
const guard = (ok: boolean): RunEventBody => ({
  type: "guard",
  id: "replica",
  title: "A replica",
  ok,
  measured: "1",
  bound: "at least 1",
  hint: "",
});
const fault = { fault: "cut", kind: "NetworkChaos", name: "cut-1" };
const proof = (ok: boolean): RunEventBody => ({ type: "healing-proof", what: "gone", ok, detail: "seen" });

const whole = (lastProof: boolean) =>
  told(
    [0, requested],
    [5, to("requested", "approved")],
    [6, to("approved", "preflight")],
    [7, guard(true)],
    [8, to("preflight", "baseline")],
    [10, to("baseline", "injecting")],
    [10, { type: "fault-intended", ...fault, namespace: "cache", pods: ["redis-0"] }],
    [12, { type: "fault-injected", ...fault, atMs: 0, tookMs: 1500 }],
    [12, to("injecting", "active")],
    [20, to("active", "healing")],
    [23, to("healing", "verifying")],
    [23, { type: "fault-removed", ...fault, atMs: 0, tookMs: 3000 }],
    [23, proof(true)],
    [26, proof(lastProof)],
    [30, to("verifying", "judging")],
    [31, to("judging", "completed")],
    [50, proof(false)],
  );
const times = (spans: readonly RunSpan[]) =>
  Object.fromEntries(
    spans.map(({ key, startMs, endMs }) => [
      key,
      [startMs, endMs].map((ms) => (ms === null ? null : (ms - zero) / 1000)),
    ]),
  );

describe("the spans of a run", () => {
  it("are its phases, its guards, and of a fault the injection, its time, the removal and the proof", () => {
    const spans = spansOf(whole(true));
    expect(times(spans)).toEqual({
      run: [0, 31],
      "phase:requested": [0, 5],
      "phase:approved": [5, 6],
      "phase:preflight": [6, 8],
      "guard:replica:4": [6, 7],
      "phase:baseline": [8, 10],
      "phase:injecting": [10, 12],
      "fault:cut": [10, 26],
      "fault:cut/inject": [10.5, 12],
      "phase:active": [12, 20],
      "fault:cut/active": [12, 20],
      "phase:healing": [20, 23],
      "fault:cut/remove": [20, 23],
      "phase:verifying": [23, 30],
      "fault:cut/prove": [23, 26],
      "phase:judging": [30, 31],
    });
    const keys = new Set(spans.map(({ key }) => key));
    for (const { parent, failure } of spans) {
      expect(parent === null || keys.has(parent)).toBe(true);
      expect(failure).toBeNull();
    }
  });
  it("say what failed: a guard, a proof, a run", () => {
    const failures = (events: RunEvent[]) =>
      Object.fromEntries(spansOf(events).flatMap(({ key, failure }) => (failure === null ? [] : [[key, failure]])));
    expect(failures(whole(false))).toEqual({ "fault:cut": "gone: seen", "fault:cut/prove": "gone: seen" });
    const stopped = told(
      [0, requested],
      [1, to("requested", "preflight")],
      [2, guard(false)],
      [3, to("preflight", "failed", "Guard failed.")],
    );
    expect(failures(stopped)).toEqual({ run: "Guard failed.", "guard:replica:3": "1 (at least 1)" });
  });
  it("end a fault whose worker died, unproven, when another has ended the run", () => {
    const events = [
      ...whole(true).slice(0, 7),
      ...told(
        [40, { type: "claimed", worker: "b", fence: 2, takenOver: true }],
        [41, to("injecting", "healing")],
        [43, to("healing", "verifying")],
        [43, proof(false)],
        [44, to("verifying", "judging")],
        [45, to("judging", "interrupted", "The worker was lost.")],
      ),
    ];
    const spans = spansOf(events);
    expect(times(spans)).toMatchObject({ "fault:cut/inject": [10, 41], "fault:cut": [10, 44], run: [0, 45] });
    expect(spans.find(({ key }) => key === "fault:cut/inject")?.failure).toMatch(/unknown/);
    expect(spans.find(({ key }) => key === "fault:cut")?.failure).toMatch(/not proven/);
    expect(spans[0]?.attributes["aftershock.taken_over"]).toBe(true);
  });
});

describe("the marks of a run", () => {
  it("are its phases from the baseline on, its end, and a region from the injection to the proof", () => {
    const marks = marksOf(spansOf(whole(true)));
    expect(marks.map(({ key }) => key)).toEqual([
      "phase:baseline",
      "phase:injecting",
      "phase:active",
      "phase:healing",
      "phase:verifying",
      "phase:judging",
      "fault:cut",
      "end",
    ]);
    expect(marks.find(({ key }) => key === "fault:cut")).toEqual({
      key: "fault:cut",
      time: zero + 10_500,
      timeEnd: zero + 26_000,
      tags: ["aftershock", "run:run-1", "experiment:redis-split-brain", "cluster:lab", "phase:fault"],
      text: "run-1: fault cut (NetworkChaos), proven gone",
    });
    expect(marks.at(-1)).toMatchObject({ text: "run-1: completed", time: zero + 31_000 });
  });
  it("have a region without an end while the fault is there, and no mark of what touched nothing", () => {
    const active = marksOf(spansOf(whole(true).slice(0, 9)));
    expect(active.find(({ key }) => key === "fault:cut")).not.toHaveProperty("timeEnd");
    expect(marksOf(spansOf(whole(true).slice(0, 4)))).toEqual([]);
    expect(marksOf(spansOf(told([0, requested], [1, to("requested", "denied")])))).toEqual([]);
  });
});
