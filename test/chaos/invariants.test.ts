import { describe, expect, it } from "vitest";
import type { Report } from "../../src/findings/report.ts";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import type { Plan } from "../../src/run/plan.ts";
import type { Facts, ShownMessage, ThreadFacts } from "./facts.ts";
import { healingTimeMs } from "./healing-time.ts";
import { judgeRun, judgeThread } from "./invariants.ts";

/** A run that was approved, injected, healed and ended: everything holds. */
function good(): Facts {
  const step = (from: RunState, to: RunState): RunEventBody => ({ type: "state", from, to, reason: null, atMs: null });
  const fault = { fault: "cut", kind: "NetworkChaos", name: "run-1-cut" };
  const bodies: RunEventBody[] = [
    { type: "requested", by: "U0ALICE", plan: {} as Plan, digest: "d", expiresAt: "" },
    { type: "approved", by: "U0BOB", reason: null, digest: "d", given: 1, needed: 1 },
    step("requested", "approved"),
    step("approved", "preflight"),
    step("preflight", "baseline"),
    step("baseline", "injecting"),
    { type: "fault-intended", ...fault, namespace: "cache", pods: ["redis-0"] },
    { type: "fault-injected", ...fault, atMs: 1, tookMs: 1 },
    step("injecting", "active"),
    step("active", "healing"),
    step("healing", "verifying"),
    { type: "healing-proof", what: "they answer each other", ok: true, detail: "4 of 4" },
    step("verifying", "judging"),
    { type: "judged", report: report("completed", "held", "verified"), artifacts: [] },
    step("judging", "completed"),
  ];
  return {
    run: {
      id: "run-1",
      state: "completed",
      requestedBy: "U0ALICE",
      digest: "d",
      approvalsNeeded: 1,
      lastSeq: bodies.length,
    },
    mayEnd: ["completed"],
    events: numbered(bodies),
    decisions: [{ userId: "U0BOB", decision: "approved", digest: "d" }],
    approvers: ["U0ALICE", "U0BOB"],
    left: [],
    broken: [],
    injections: { "run-1-cut": 1 },
  };
}

function report(run: string, hypothesis: string, cleanup: string): Report {
  return { verdicts: { run, hypothesis, cleanup } } as unknown as Report;
}

function numbered(bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, at) => ({ ...body, run: "run-1", seq: at + 1, at: "2026-11-25T00:00:00.000Z" }));
}

/** The good run with some events changed; the numbers stay whole. */
function withEvents(change: (bodies: RunEvent[]) => RunEventBody[], more: Partial<Facts> = {}): Facts {
  const facts = good();
  const events = numbered(change([...facts.events]));
  return { ...facts, events, run: { ...facts.run, lastSeq: events.length }, ...more };
}

const kinds = (facts: Facts): string[] => judgeRun(facts).map(({ kind, what }) => `${kind}: ${what}`);

describe("what must hold for a run", () => {
  it("is quiet when everything holds", () => {
    expect(judgeRun(good())).toEqual([]);
  });
  it("is quiet for a request that was denied", () => {
    const facts = withEvents(([requested]) => [
      requested as RunEvent,
      { type: "denied", by: "U0BOB", reason: null },
      { type: "state", from: "requested", to: "denied", reason: null, atMs: null },
    ]);
    const run = { ...facts.run, state: "denied" as const };
    expect(
      judgeRun({
        ...facts,
        run,
        mayEnd: ["denied"],
        injections: {},
        decisions: [{ userId: "U0BOB", decision: "denied", digest: "d" }],
      }),
    ).toEqual([]);
  });
  it("sees what is left on the cluster, and what is still cut off", () => {
    expect(kinds({ ...good(), left: ["NetworkChaos run-1-cut"] })).toEqual([
      "orphan: left on the cluster: NetworkChaos run-1-cut",
    ]);
    expect(kinds({ ...good(), broken: ["redis-0 does not reach redis-1"] })).toEqual([
      "wrong: not healed in the data path: redis-0 does not reach redis-1",
    ]);
  });
  it("sees a run that nobody ended", () => {
    const facts = withEvents((events) => events.slice(0, 9));
    expect(kinds({ ...facts, run: { ...facts.run, state: "active" } })).toContain("orphan: run-1 was left active");
  });
  it("sees a gap, a double and one too many in the numbers", () => {
    const facts = good();
    expect(kinds({ ...facts, events: facts.events.filter(({ seq }) => seq !== 12) })).toContain(
      "lost: event 12 of 15 is missing",
    );
    const twice = facts.events.filter(({ seq }) => seq === 12);
    expect(kinds({ ...facts, events: [...facts.events, ...twice] })).toContain("duplicate: event 12 is there 2 times");
    expect(kinds({ ...facts, run: { ...facts.run, lastSeq: 14 } })).toContain("wrong: event 15 is beyond the last, 14");
  });
  it("sees an illegal step, a step from nowhere, a second end and a row that says otherwise", () => {
    const skipping = withEvents((events) =>
      events.filter((event) => !(event.type === "state" && event.to === "active")),
    );
    expect(kinds(skipping)).toContain("wrong: a step from active while it was injecting");
    const wild = withEvents((events) =>
      events.map((event) => (event.type === "state" && event.to === "active" ? { ...event, to: "judging" } : event)),
    );
    expect(kinds(wild)).toContain("wrong: injecting became judging");
    const twice = withEvents((events) => [...events, events.at(-1) as RunEvent]);
    expect(kinds(twice)).toContain("duplicate: it ended 2 times");
    const facts = good();
    expect(kinds({ ...facts, run: { ...facts.run, state: "failed" }, mayEnd: ["failed"] })).toContain(
      "lost: the events say completed, the run's row says failed",
    );
  });
  it("sees a step that the product is said never to take", () => {
    const early = withEvents((events) => [
      ...events.slice(0, 5),
      { type: "state", from: "baseline", to: "aborted", reason: null, atMs: null },
    ]);
    expect(kinds({ ...early, run: { ...early.run, state: "aborted" }, mayEnd: ["aborted"] })).toContainEqual(
      expect.stringMatching(/^wrong: baseline → aborted is never taken: clients are running/),
    );
  });
  it("sees a second request, a second intent and a second injection", () => {
    expect(kinds(withEvents((events) => [events[0] as RunEvent, ...events]))).toContain("duplicate: 2 request events");
    const again = (type: string) =>
      withEvents((events) => events.flatMap((event) => (event.type === type ? [event, event] : [event])));
    expect(kinds(again("fault-intended"))).toContain("duplicate: 2 events fault-intended of fault cut");
    expect(kinds(again("fault-injected"))).toContain("duplicate: 2 events fault-injected of fault cut");
    expect(kinds({ ...good(), injections: { "run-1-cut": 2 } })).toContain(
      "duplicate: the cluster injected run-1-cut 2 times",
    );
  });
  it("sees an injection without an intent before it, and an intent without an approval", () => {
    expect(kinds(withEvents((events) => events.filter(({ type }) => type !== "fault-intended")))).toContain(
      "wrong: the cluster injected something that no event intended",
    );
    const unapproved = withEvents((events) =>
      events.filter((event) => !(event.type === "state" && event.to === "approved")),
    );
    expect(kinds(unapproved)).toContain("approval: a fault was intended before the run was approved");
  });
  it("sees the wrong end and wrong verdicts", () => {
    expect(kinds({ ...good(), mayEnd: ["interrupted"] })).toEqual(["wrong: it ended completed, not interrupted"]);
    const judged = (...verdicts: Parameters<typeof report>) =>
      withEvents((events) =>
        events.map((event) => (event.type === "judged" ? { ...event, report: report(...verdicts) } : event)),
      );
    expect(kinds(judged("aborted", "held", "verified"))).toEqual([
      "wrong: the last report says aborted, the run is completed",
    ]);
    expect(kinds(judged("completed", "held", "unverified"))).toEqual(["wrong: cleanup unverified"]);
    const lost = judged("interrupted", "held", "verified");
    const end = lost.events.map((event) =>
      event.type === "state" && event.to === "completed" ? { ...event, to: "interrupted" as const } : event,
    );
    expect(
      kinds({ ...lost, events: end, run: { ...lost.run, state: "interrupted" }, mayEnd: ["interrupted"] }),
    ).toEqual(['wrong: a run that lost its worker claims "held"']);
    expect(kinds(withEvents((events) => events.filter(({ type }) => type !== "judged")))).toEqual([
      "lost: it ended without a report",
    ]);
  });
  it("sees a proof that failed, and healing without a proof", () => {
    const failed = withEvents((events) =>
      events.map((event) => (event.type === "healing-proof" ? { ...event, ok: false, detail: "no answer" } : event)),
    );
    expect(kinds(failed)).toContain("wrong: not proven: they answer each other: no answer");
    expect(kinds(withEvents((events) => events.filter(({ type }) => type !== "healing-proof")))).toContain(
      "wrong: a fault was intended and no proof of healing was given",
    );
  });
  it("sees an approval by the requester, by a stranger, of another plan, twice, and too few", () => {
    const decided = (...decisions: Facts["decisions"][number][]) => kinds({ ...good(), decisions });
    const bob = { userId: "U0BOB", decision: "approved", digest: "d" };
    expect(decided({ ...bob, userId: "U0ALICE" })).toContain("approval: U0ALICE approved their own run");
    expect(decided({ ...bob, userId: "U0EVE" })).toContain("approval: U0EVE approved and is no approver");
    expect(decided({ ...bob, digest: "other" })).toContain("approval: U0BOB approved another plan, other");
    expect(decided(bob, bob)).toContain("duplicate: one person's approval is stored twice");
    expect(decided()).toContain("approval: it was approved with 0 of 1 approvals");
    expect(decided()).toContain("duplicate: 1 approvals told, 0 stored");
    expect(decided(bob, { ...bob, userId: "U0CAROL" })).toContain("lost: 1 approvals told, 2 stored");
  });
});

describe("what must hold for a thread", () => {
  const message = (text: string): ShownMessage => ({ text, blocks: "[]", files: [] });
  const files = (...names: string[]): ShownMessage => ({ text: "", blocks: "[]", files: names });
  const thread = (): ThreadFacts => ({
    events: good().events,
    wanted: {
      card: message("run-1 x: completed"),
      thread: [message(":zap: *Fault active* at 1.0 s"), message("b"), files("report.json", "report.md")],
    },
    shown: {
      cards: [message("run-1 x: completed")],
      thread: [message(":zap: *Fault active* at 1.0 s"), message("b"), files("report.md", "report.json")],
    },
  });
  const said = (change: Partial<ThreadFacts["shown"]>, facts = thread()): string[] =>
    judgeThread({ ...facts, shown: { ...facts.shown, ...change } }).map(({ kind, what }) => `${kind}: ${what}`);

  it("is quiet when it says all of it once", () => {
    expect(said({})).toEqual([]);
  });
  it("sees no card, two cards, and a card without its last edit", () => {
    expect(said({ cards: [] })).toEqual(["lost: the run has no card"]);
    const [card] = thread().shown.cards;
    expect(said({ cards: [card as ShownMessage, card as ShownMessage] })).toEqual(["duplicate: the run has 2 cards"]);
    expect(said({ cards: [message("run-1 x: active")] })).toEqual(["lost: the card's last edit is missing"]);
  });
  it("sees a lost message, a double one, an unasked one and lost files", () => {
    const all = thread().shown.thread;
    expect(said({ thread: all.filter(({ text }) => text !== "b") })).toEqual(["lost: not in the thread: b []"]);
    expect(said({ thread: [...all, message("b")] })).toEqual(["duplicate: 2 times in the thread: b []"]);
    expect(said({ thread: [...all, message("c")] })).toEqual(["duplicate: unasked in the thread: c []"]);
    expect(said({ thread: all.slice(0, 2) })).toEqual(["lost: not in the thread: files report.json, report.md"]);
  });
  it("sees an event that the narrator itself forgot", () => {
    const facts = thread();
    const forgot = { ...facts, wanted: { ...facts.wanted, thread: facts.wanted.thread.slice(1) } };
    expect(said({ thread: facts.shown.thread.slice(1) }, forgot)).toEqual([
      'lost: "*Fault active*" stands 0 times in the thread, not 1',
    ]);
  });
});

describe("how long healing took", () => {
  const at = (ms: number): string => new Date(performance.timeOrigin + ms).toISOString();
  const healing = (ms: number): RunEvent =>
    ({
      type: "state",
      from: "active",
      to: "healing",
      reason: null,
      atMs: null,
      run: "run-1",
      seq: 2,
      at: at(ms),
    }) as RunEvent;
  const claimed = {
    type: "claimed",
    worker: "w",
    fence: 2,
    takenOver: true,
    run: "run-1",
    seq: 1,
    at: at(0),
  } as RunEvent;
  const times = { hurtAtMs: 1000, mendedAtMs: 3000, healedAtMs: 7000 };

  it("counts from the end of the trouble when the run lost its worker", () => {
    expect(healingTimeMs(times, [{ events: [claimed, healing(6000)] }])).toBe(4000);
  });
  it("counts from the begin of healing when the worker went on", () => {
    expect(healingTimeMs(times, [{ events: [healing(6000)] }])).toBeCloseTo(1000, -1);
  });
  it("is none when the trouble met no fault", () => {
    expect(healingTimeMs({ ...times, healedAtMs: null }, [])).toBe(null);
    expect(healingTimeMs({ ...times, healedAtMs: 500 }, [])).toBe(null);
    expect(healingTimeMs({ ...times, hurtAtMs: null }, [])).toBe(null);
  });
});
