import { describe, expect, it } from "vitest";
import { buildRetrospective, type Past } from "../../src/gameday/retrospective/build.ts";
import { retrospectiveMarkdown } from "../../src/gameday/retrospective/markdown.ts";
import { momentsOf } from "../../src/gameday/retrospective/moments.ts";
import { retrospectiveSchema, type ItemRecord } from "../../src/gameday/retrospective/record.ts";
import { timeText } from "../../src/gameday/retrospective/words.ts";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import { at, lastGameDay } from "../support/last-game-day.ts";
import { testAction } from "../support/actions.ts";
import { ana, bob, cleo, dan } from "./model.ts";

const past = lastGameDay();
const retro = buildRetrospective(past);
const item = (number: number): ItemRecord => {
  const found = retro.items.find((each) => each.item === number);
  if (found === undefined) throw new Error(`no item ${number}`);
  return found;
};
const run1 = past.runs["run-1"] ?? [];
const of = (type: RunEventBody["type"], events: readonly RunEvent[] = run1): RunEvent | undefined =>
  events.find((event) => event.type === type);
const without = (...types: Array<RunEventBody["type"]>): RunEvent[] => run1.filter(({ type }) => !types.includes(type));
/** As one would with a watch, from the rows themselves. */
const naiveMs = (event: { at: string } | undefined): number =>
  new Date(event?.at ?? "").getTime() - new Date(of("fault-injected")?.at ?? "").getTime();

describe("the times of an item", () => {
  it("are those of the raw events, counted from the injection", () => {
    const note = past.events.find((event) => event.type === "noted" && event.text === "checkout is slow");
    const failing = run1.filter(({ type }) => type === "probe-status").at(-1);
    expect(item(1)).toMatchObject({
      injectedAt: at(100),
      toSeeMs: naiveMs(note),
      toDetectMs: naiveMs(failing),
      toHealMs: naiveMs(of("fault-removed")),
      toRecoverMs: naiveMs(of("converged")),
    });
    expect([item(1).toSeeMs, item(1).toDetectMs, item(1).toHealMs, item(1).toRecoverMs]).toEqual([
      12_500, 3250, 15_000, 25_500,
    ]);
    expect(item(1).firstSeen).toEqual({ at: at(112.5), by: cleo, how: "note" });
    expect(item(1).detected).toMatchObject({ how: "probe", what: expect.stringContaining("follower") });
  });
  it("are unknown where nothing was injected", () => {
    for (const number of [2, 3, 4]) {
      expect(item(number)).toMatchObject({
        injectedAt: null,
        firstSeen: null,
        detected: null,
        healedAt: null,
        recoveredAt: null,
        toSeeMs: null,
        toDetectMs: null,
        toHealMs: null,
        toRecoverMs: null,
      });
    }
  });
  it("are unknown each where it was not observed", () => {
    const none = momentsOf(1, without("probe-status", "stop-condition", "fault-removed", "converged"), []);
    expect(none).toMatchObject({
      injectedAt: at(100),
      toSeeMs: null,
      toDetectMs: null,
      toHealMs: null,
      toRecoverMs: null,
    });
    expect(timeText(null)).toBe("unknown");
    expect(timeText(3250)).toBe("3.3 s");
  });
  it("take a stop condition where the probes saw nothing, and no failure from before the injection", () => {
    const healthy = run1.filter((event) => event.type !== "probe-status" || event.at !== at(103.25));
    expect(momentsOf(1, healthy, []).detected).toEqual({
      at: at(104),
      how: "stop-condition",
      what: "ok-ratio: 0.2, bound 0.5",
    });
    expect(
      momentsOf(
        1,
        without("stop-condition").filter((event) => event.at !== at(103.25)),
        [],
      ).detected,
    ).toBeNull();
  });
  it("take a click on what was seen, when it came before a note; and nothing of another item or after the run", () => {
    const seen = past.events.filter((event) => event.type !== "noted");
    expect(momentsOf(1, run1, seen).firstSeen).toEqual({ at: at(113), by: bob, how: "effect-seen" });
    expect(momentsOf(2, run1, past.events).firstSeen).toBeNull();
    const late = past.events.map((event) => (event.type === "effect-seen" ? { ...event, at: at(500) } : event));
    expect(
      momentsOf(
        1,
        run1,
        late.filter((event) => event.type !== "noted"),
      ).firstSeen,
    ).toBeNull();
  });
  it("know no healing while one of the faults was not removed, and no recovery that failed", () => {
    const second: RunEvent = { ...(of("fault-injected") as RunEvent & { type: "fault-injected" }), fault: "other" };
    expect(momentsOf(1, [...run1, second], []).healedAt).toBeNull();
    const never = run1.map((event) => (event.type === "converged" ? { ...event, ok: false } : event));
    expect(momentsOf(1, never, []).recoveredAt).toBeNull();
  });
});

describe("a retrospective", () => {
  it("is a record that can be stored and read again", () => {
    expect(retrospectiveSchema.parse(JSON.parse(JSON.stringify(retro)))).toEqual(retro);
  });
  it("says of each item what became of it, and why", () => {
    expect(retro.items.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ["ran", null],
      ["no-go", "the backup failed"],
      ["skipped", "no time"],
      ["not-started", "A guard does not hold."],
    ]);
    expect(item(2).votes).toEqual([{ by: bob, vote: "no-go", reason: "the backup failed", at: at(141) }]);
    expect(item(1).votes.map(({ by, vote }) => [by, vote])).toEqual([[ana, "go"]]);
  });
  it("has the run's verdicts and findings as its report has them", () => {
    const judged = of("judged");
    if (judged?.type !== "judged") throw new Error("not judged");
    expect(item(1).result?.verdicts).toEqual(judged.report.verdicts);
    expect(item(1).result?.lost).toBe(judged.report.writes.total.lost);
    expect(item(1).because).toBe(judged.report.because);
    expect(item(1).findings.map(({ id }) => id)).toEqual(judged.report.findings.map(({ id }) => id));
    expect(item(4).findings).toEqual([]);
  });
  it("scores what was predicted against what came", () => {
    // The hypothesis was refuted and writes were lost: Bob was wrong and right, Dan right and silent.
    expect(item(1).predictions.map(({ by, hypothesis, loss }) => [by, hypothesis, loss])).toEqual([
      [bob, "wrong", "right"],
      [dan, "right", "not-said"],
    ]);
    expect(retro.scores).toEqual([
      { by: dan, right: 1, wrong: 0 },
      { by: bob, right: 1, wrong: 1 },
    ]);
  });
  it("says who was there, with their roles, and until when", () => {
    expect(retro.attendance.map(({ userId, roles, leftAt }) => [userId, roles, leftAt])).toEqual([
      [ana, ["commander"], null],
      [bob, ["operator"], null],
      [cleo, ["observer", "scribe"], null],
      [dan, ["observer"], at(205)],
    ]);
  });
  it("tells everything in the order in which it happened", () => {
    const times = retro.timeline.map((entry) => Date.parse(entry.at));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(retro.timeline.filter((entry) => entry.item === 1).map(({ kind }) => kind)).toEqual([
      "put",
      "go",
      "noted",
      "injected",
      "detected",
      "noted",
      "seen",
      "healed",
      "recovered",
      "run-ended",
    ]);
    expect(retro.timeline.filter(({ kind }) => kind === "paused")).toEqual([
      { at: at(150), kind: "paused", item: null, by: ana, text: "lunch" },
    ]);
  });
  it("keeps its notes and actions", () => {
    expect(retro.notes.map(({ text }) => text)).toEqual(["before anything", "checkout is slow"]);
    expect(retro.actions).toEqual([
      {
        id: testAction.id,
        title: testAction.title,
        owner: testAction.owner,
        dueOn: testAction.dueOn,
        run: testAction.runId,
        state: "open",
      },
    ]);
  });
  it("is not made before the end", () => {
    const open: Past = { ...past, events: past.events.filter(({ type }) => type !== "ended") };
    expect(() => buildRetrospective(open)).toThrow("has not ended");
  });
});

describe("its Markdown", () => {
  const text = retrospectiveMarkdown(retro);
  it("has every part with its figures", () => {
    expect(text).toContain("| 1. redis-split-brain | 12.5 s | 3.3 s | 15.0 s | 25.5 s |");
    for (const title of ["Times", "Items", "What did not run, and why", "Predictions", "Action items", "Timeline"]) {
      expect(text).toContain(`## ${title}`);
    }
    expect(text).toContain("| 3. kafka-broker-loss | skipped | no time |");
    expect(text).toContain(`- ${bob} said no-go: the backup failed`);
    expect(text).toContain("| action-3 | Set min-replicas-to-write to 1 | U0BOB | 2026-12-10 | run-12 | open |");
  });
  it("leaves out what there was not, and takes what people wrote for text", () => {
    const bare = retrospectiveMarkdown({ ...retro, actions: [], scores: [], notes: [], title: "a <b> | *c*" });
    expect(bare).not.toContain("## Action items");
    expect(bare).toContain("# a \\<b\\> | \\*c\\*: retrospective");
  });
});
