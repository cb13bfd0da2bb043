import { describe, expect, it } from "vitest";
import type { RunResult } from "../../src/gameday/events.ts";
import { commanderOf } from "../../src/gameday/state.ts";
import { scorePredictions } from "../../src/gameday/score.ts";
import { acts, ana, bob, cleo, dan, playGameDay, somePlan, started } from "./model.ts";

const types = (given: unknown): unknown =>
  Array.isArray(given) ? given.map((event: { type: string }) => event.type) : given;

const held: RunResult = {
  state: "completed",
  reason: null,
  verdicts: { hypothesis: "refuted", run: "completed", cleanup: "verified" },
  lost: 12,
  findings: 2,
  guard: null,
};

describe("a plan", () => {
  it("makes whoever planned it the commander, with the agenda in its order", () => {
    const day = playGameDay().day();
    expect(commanderOf(day)).toBe(ana);
    expect(day.items.map(({ id, experiment, state }) => [id, experiment, state])).toEqual([
      [1, "redis-split-brain", "waiting"],
      [2, "etcd-quorum-loss", "waiting"],
    ]);
  });
  it("lets nothing to the vote before it has started", () => {
    expect(playGameDay().do(acts.next(ana))).toContain("has not started");
  });
});

describe("a vote", () => {
  it("by roles goes when everybody with a role has said go, and not before", () => {
    const play = started();
    expect(types(play.do(acts.next(ana)))).toEqual(["item-put"]);
    expect(types(play.do(acts.go(ana)))).toEqual(["voted"]);
    expect(types(play.do(acts.go(bob)))).toEqual(["voted"]);
    expect(play.day().items[0]?.state).toBe("voting");
    expect(types(play.do(acts.go(cleo)))).toEqual(["voted", "decided"]);
    expect(play.day().items[0]?.state).toBe("go");
  });
  it("by roles is no-go by one voice, with its reason", () => {
    const play = started();
    play.do(acts.next(ana));
    play.do(acts.go(ana));
    play.do(acts.noGo(cleo, "the backup failed tonight"));
    expect(play.day().items[0]).toMatchObject({ state: "no-go", reason: "the backup failed tonight" });
  });
  it("counts nobody twice, and takes the last word", () => {
    const play = started();
    play.do(acts.next(ana));
    play.do(acts.go(bob));
    expect(play.do(acts.go(bob))).toEqual([]);
    play.do(acts.go(bob));
    expect(play.day().items[0]?.votes).toHaveLength(1);
    expect(play.day().items[0]?.state).toBe("voting");
  });
  it("is not an observer's, nor that of somebody who does not take part", () => {
    const play = started();
    play.do(acts.next(ana));
    expect(play.do(acts.go(dan))).toContain("Observers do not vote");
    expect(play.do(acts.go("U0STRANGER"))).toContain("Observers do not vote");
    expect(play.day().people.some(({ userId }) => userId === "U0STRANGER")).toBe(false);
  });
  it("is the commander's alone under the rule commander", () => {
    const play = started({ ...somePlan, rule: "commander" });
    play.do(acts.next(ana));
    expect(play.do(acts.noGo(bob))).toContain("the commander alone decides");
    expect(types(play.do(acts.go(ana)))).toEqual(["voted", "decided"]);
  });
  it("does not wait for somebody who has left", () => {
    const play = started();
    play.do(acts.next(ana));
    play.do(acts.go(ana));
    play.do(acts.go(bob));
    expect(types(play.do({ kind: "leave", by: cleo }))).toEqual(["left", "decided"]);
  });
  it("does not go without a commander, however unanimous", () => {
    const play = started();
    play.do(acts.next(ana));
    play.do(acts.go(bob));
    play.do({ kind: "leave", by: ana });
    play.do(acts.go(cleo));
    expect(play.day().items[0]?.state).toBe("voting");
    expect(types(play.do({ kind: "role", by: bob, user: bob, role: "commander", intent: "take" }))).toEqual([
      "role-taken",
      "decided",
    ]);
  });
  it("is begun anew after a pause", () => {
    const play = started();
    play.do(acts.next(ana));
    play.do(acts.go(ana));
    play.do({ kind: "pause", by: ana, reason: "lunch" });
    expect(play.do(acts.go(bob))).toContain("paused");
    play.do({ kind: "resume", by: ana });
    expect(play.day().items[0]).toMatchObject({ state: "waiting", votes: [] });
  });
});

describe("an item", () => {
  const running = () => {
    const play = started({ ...somePlan, rule: "commander" });
    play.do(acts.next(ana));
    play.do(acts.go(ana));
    play.do({ kind: "run-requested", item: 1, run: "run-5", state: "requested" });
    return play;
  };
  it("has one run, however often the bots tell it", () => {
    const play = running();
    expect(play.do({ kind: "run-requested", item: 1, run: "run-5", state: "requested" })).toEqual([]);
    expect(play.do({ kind: "run-requested", item: 1, run: "run-6", state: "requested" })).toEqual([]);
    expect(play.do({ kind: "run-moved", run: "run-5", state: "requested" })).toEqual([]);
    expect(play.day().items[0]).toMatchObject({ state: "running", run: "run-5" });
  });
  it("keeps the others waiting while it runs, and the game day from ending", () => {
    const play = running();
    expect(play.do(acts.next(ana))).toContain("run-5");
    expect(play.do({ kind: "end", by: ana, reason: null })).toContain("run-5");
  });
  it("takes predictions until its fault begins, also when the bot has not told that yet", () => {
    const play = running();
    const say = (runState: "baseline" | "injecting" | null, by = dan) =>
      play.do({ kind: "predict", by, item: null, hypothesis: "refuted", loss: "some", runState });
    expect(types(say("baseline"))).toEqual(["predicted"]);
    expect(say("injecting", bob)).toContain("closed when its fault began");
    play.do({ kind: "run-moved", run: "run-5", state: "active" });
    expect(say(null, bob)).toContain("closed when its fault began");
    expect(play.day().items[0]?.predictions).toHaveLength(1);
  });
  it("scores what was said against what came of it", () => {
    const play = running();
    play.do({ kind: "predict", by: dan, item: null, hypothesis: "refuted", loss: "none", runState: null });
    play.do({ kind: "predict", by: bob, item: null, hypothesis: "held", loss: null, runState: null });
    play.do({ kind: "predict", by: cleo, item: null, hypothesis: "no-idea", loss: "some", runState: null });
    play.do({ kind: "run-ended", run: "run-5", result: held });
    const [item] = play.day().items;
    expect(scorePredictions(item ?? { predictions: [], result: null })).toMatchObject([
      { by: dan, hypothesis: "right", loss: "wrong" },
      { by: bob, hypothesis: "wrong", loss: "not-said" },
      { by: cleo, hypothesis: "no-idea", loss: "right" },
    ]);
  });
  it("calls nobody right or wrong by a run that says nothing", () => {
    const play = running();
    play.do({ kind: "predict", by: dan, item: null, hypothesis: "held", loss: "none", runState: null });
    play.do({
      kind: "run-ended",
      run: "run-5",
      result: { ...held, state: "aborted", verdicts: null, lost: null, findings: 0 },
    });
    const [item] = play.day().items;
    expect(scorePredictions(item ?? { predictions: [], result: null })).toMatchObject([
      { hypothesis: "unknown", loss: "unknown" },
    ]);
  });
  it("is skipped only for a reason", () => {
    const play = started();
    expect(play.do(acts.skip(ana, null))).toContain("for a reason");
    play.do(acts.skip(ana, "no time"));
    expect(play.day().items[0]).toMatchObject({ state: "skipped", reason: "no time" });
  });
  it("whose run was refused is put to the vote again", () => {
    const play = started({ ...somePlan, rule: "commander" });
    play.do(acts.next(ana));
    play.do(acts.go(ana));
    expect(play.do(acts.next(ana))).toContain("is being asked for");
    play.do({ kind: "run-refused", item: 1, reason: "run-3 is active there.", hint: "Wait for it" });
    expect(types(play.do(acts.next(ana)))).toEqual(["item-put"]);
  });
  it("whose run was refused waits while another is at the vote or runs", () => {
    const play = started({ ...somePlan, rule: "commander" });
    play.do(acts.next(ana));
    play.do(acts.go(ana));
    play.do({ kind: "run-refused", item: 1, reason: "run-3 is active there.", hint: "Wait for it" });
    play.do(acts.next(ana, 2));
    expect(play.do(acts.next(ana))).toContain("Item 2 is at the vote");
    play.do(acts.go(ana));
    expect(play.do(acts.next(ana))).toContain("The run of item 2 is being asked for");
    play.do({ kind: "run-requested", item: 2, run: "run-4", state: "active" });
    expect(play.do(acts.next(ana))).toContain("run-4 of item 2 has not ended");
  });
});

describe("the commander", () => {
  it("alone puts items to the vote, skips, pauses and ends", () => {
    const play = started();
    for (const act of [
      acts.next(bob),
      acts.skip(bob, "why"),
      { kind: "pause", by: bob, reason: null } as const,
      { kind: "end", by: bob, reason: null } as const,
    ]) {
      expect(play.do(act)).toContain(`for the commander, <@${ana}>`);
    }
  });
  it("can be followed by anybody when they left, and somebody who knows when they are silent", () => {
    const play = started();
    expect(play.do({ kind: "role", by: bob, user: bob, role: "commander", intent: "take" })).toContain("commands");
    play.do({ kind: "role", by: bob, user: bob, role: "commander", intent: "take-over" });
    expect(commanderOf(play.day())).toBe(bob);
    expect(play.day().people.find(({ userId }) => userId === ana)?.role).toBe("observer");
    play.do({ kind: "gone", user: bob });
    expect(commanderOf(play.day())).toBe(null);
    play.do({ kind: "role", by: dan, user: dan, role: "commander", intent: "take" });
    expect(commanderOf(play.day())).toBe(dan);
  });
  it("hands the role over, and cannot simply drop it", () => {
    const play = started();
    expect(play.do({ kind: "role", by: ana, user: ana, role: "observer", intent: "take" })).toContain(
      "must not be without",
    );
    play.do({ kind: "role", by: ana, user: cleo, role: "commander", intent: "take" });
    expect(commanderOf(play.day())).toBe(cleo);
  });
});

describe("a halt", () => {
  it("holds everything until the commander resumes after it was lifted", () => {
    const play = started();
    play.do(acts.next(ana));
    play.do({ kind: "halted", by: dan, reason: "customers see errors", halt: "halt-1" });
    expect(play.do({ kind: "halted", by: dan, reason: "customers see errors", halt: "halt-1" })).toEqual([]);
    expect(play.do(acts.go(ana))).toContain("halted");
    expect(play.do({ kind: "resume", by: ana })).toContain("halted");
    play.do({ kind: "halt-lifted", by: bob, halt: "halt-1" });
    play.do({ kind: "resume", by: ana });
    expect(play.day()).toMatchObject({ phase: "open", held: null });
  });
});

describe("the end", () => {
  it("says of what had no turn that it was skipped, and takes nothing more", () => {
    const play = started();
    expect(types(play.do({ kind: "end", by: ana, reason: null }))).toEqual(["skipped", "skipped", "ended"]);
    expect(play.do({ kind: "join", by: "U0LATE" })).toContain("has ended");
    expect(play.do({ kind: "run-moved", run: "run-1", state: "active" })).toEqual([]);
  });
});

describe("a note", () => {
  it("about one message is written once, by whoever pointed first", () => {
    const play = started();
    const note = (by: string) =>
      play.do({
        kind: "note",
        by,
        text: "latency is up",
        source: "reaction",
        link: null,
        author: dan,
        key: "C1:1.1",
      });
    expect(types(note(bob))).toEqual(["noted"]);
    expect(note(cleo)).toEqual([]);
    expect(play.day().notes).toMatchObject([{ by: bob, author: dan }]);
  });
  it("by somebody who did not take part makes them an observer", () => {
    const play = started();
    const said = play.do({
      kind: "note",
      by: "U0NEW",
      text: "hello",
      source: "typed",
      link: null,
      author: null,
      key: null,
    });
    expect(types(said)).toEqual(["joined", "noted"]);
  });
});
