import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Act } from "../../src/gameday/decide/act.ts";
import {
  gameDayEventBody,
  expectedHypotheses,
  expectedLosses,
  roles,
  voteRules,
  voteValues,
} from "../../src/gameday/events.ts";
import { apply, reduce } from "../../src/gameday/reduce.ts";
import { currentItem, type GameDay } from "../../src/gameday/state.ts";
import { votersOf } from "../../src/gameday/vote.ts";
import { runStates } from "../../src/run/lifecycle.ts";
import { tries } from "../support/fuzz.ts";
import { acts, ana, bob, cleo, dan, playGameDay, someItem, somePlan } from "./model.ts";

const by = fc.constantFrom(ana, bob, cleo, dan, "U0ELI");
const item = fc.option(fc.integer({ min: 1, max: 5 }));
const reason = fc.option(fc.constantFrom("because", ""));
const run = fc.constantFrom("run-1", "run-2", "run-3", "run-4");
const state = fc.constantFrom(...runStates);
const result = fc.record({
  state,
  reason,
  verdicts: fc.constant(null),
  lost: fc.option(fc.nat(9)),
  findings: fc.nat(3),
  guard: fc.constant(null),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("start" as const), by }) },
  fc.record({ kind: fc.constantFrom("join" as const, "leave" as const, "see" as const, "ask-ready" as const), by }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("resume" as const), by }) },
  fc.record({
    kind: fc.constant("role" as const),
    by,
    user: by,
    role: fc.constantFrom(...roles),
    intent: fc.constantFrom("take" as const, "take-over" as const),
  }),
  fc.record({
    kind: fc.constant("ready" as const),
    by,
    answer: fc.constantFrom("ready" as const, "not-ready" as const),
    reason,
  }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("next" as const), by: fc.constant(ana), item }) },
  fc.record({ kind: fc.constant("next" as const), by, item }),
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("vote" as const),
      by,
      item,
      vote: fc.constantFrom(...voteValues),
      reason,
    }),
  },
  fc.record({ kind: fc.constant("skip" as const), by, item, reason }),
  fc.record({
    kind: fc.constant("predict" as const),
    by,
    item,
    hypothesis: fc.option(fc.constantFrom(...expectedHypotheses)),
    loss: fc.option(fc.constantFrom(...expectedLosses)),
    runState: fc.option(state),
  }),
  fc.record({
    kind: fc.constant("note" as const),
    by,
    text: fc.constant("text"),
    source: fc.constantFrom("typed" as const, "reaction" as const),
    link: fc.constant(null),
    author: fc.constant(null),
    key: fc.option(fc.constantFrom("C1:1", "C1:2")),
  }),
  fc.record({ kind: fc.constant("pause" as const), by, reason }),
  fc.record({ kind: fc.constant("halted" as const), by, reason, halt: fc.constant("halt-1") }),
  fc.record({ kind: fc.constant("halt-lifted" as const), by, halt: fc.constant("halt-1") }),
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), by: fc.constant(dan), reason }) },
  fc.record({ kind: fc.constant("add" as const), by, item: fc.constant(someItem) }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("run-requested" as const),
      item: fc.integer({ min: 1, max: 4 }),
      run,
      state,
    }),
  },
  fc.record({
    kind: fc.constant("run-refused" as const),
    item: fc.integer({ min: 1, max: 4 }),
    reason: fc.constant("busy"),
    hint: fc.constant("wait"),
  }),
  fc.record({ kind: fc.constant("run-attached" as const), by, item: fc.constant(someItem), run, state }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("run-moved" as const), run, state }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("run-ended" as const), run, result }) },
  fc.record({ kind: fc.constant("gone" as const), user: by }),
);

/** Half of them begin with a decision, so that what follows meets a run, too. */
const any = fc.array(act, { minLength: 10, maxLength: 60 });
const walk = fc.oneof(
  any,
  any.map((all) => [acts.next(ana), acts.go(ana), ...all]),
);

const count = (values: readonly unknown[]): number => new Set(values).size;

function holds(day: GameDay): void {
  expect(day.people.filter(({ role }) => role === "commander").length).toBeLessThan(2);
  expect(count(day.people.map(({ userId }) => userId))).toBe(day.people.length);
  expect(count(day.items.map(({ id }) => id))).toBe(day.items.length);
  const runs = day.items.flatMap((each) => each.run ?? []);
  expect(count(runs)).toBe(runs.length);
  expect(day.items.filter((each) => each.state === "voting").length).toBeLessThan(2);
  for (const each of day.items) {
    expect(count(each.votes.map((vote) => vote.by))).toBe(each.votes.length);
    expect(count(each.predictions.map((said) => said.by))).toBe(each.predictions.length);
    expect(each.result !== null).toBe(each.state === "done");
    expect(each.run !== null).toBe(each.state === "done" || each.state === "running");
    if (each.state === "skipped") expect(each.reason).not.toBe(null);
    const closed = each.predictionsClosedAt;
    if (closed !== null) for (const said of each.predictions) expect(said.at <= closed).toBe(true);
  }
  const keys = day.notes.flatMap(({ key }) => key ?? []);
  expect(count(keys)).toBe(keys.length);
  if (day.phase === "ended") expect(currentItem(day)).toBe(null);
  if (day.phase !== "open") expect(day.items.some((each) => each.state === "voting")).toBe(false);
}

describe("any sequence of acts", () => {
  it("keeps what must hold, and every event is one that can be read again", () => {
    let decidedGo = 0;
    fc.assert(
      fc.property(fc.constantFrom(...voteRules), walk, (rule, all) => {
        const play = playGameDay({ ...somePlan, rule });
        play.do({ kind: "start", by: ana });
        for (const each of all) {
          const before = play.day();
          const led = play.do(each);
          if (typeof led === "string") {
            expect(play.day()).toEqual(before);
            continue;
          }
          for (const body of led) expect(gameDayEventBody.safeParse(body).success).toBe(true);
          // Only those vote who may, by the rule and by what they are at that moment.
          const votes = led.filter((event) => event.type === "voted");
          for (const vote of votes) expect(votersOf(before)).toContain(vote.by);
          const go = led.find((event) => event.type === "decided" && event.vote === "go");
          if (go !== undefined) decidedGo += 1;
          if (before.phase === "ended") expect(led).toEqual([]);
          holds(play.day());
        }
        const incremental = play.events.slice(1).reduce(apply, reduce(play.day(), play.events.slice(0, 1)));
        expect(incremental).toEqual(play.day());
      }),
      tries(120),
    );
    // The walk does come to where something runs.
    expect(decidedGo).toBeGreaterThan(0);
  });
});
