import { describe, expect, it } from "vitest";
import { narrateGameDay } from "../../src/slack/narrate-gameday.ts";
import { acts, ana, bob, cleo, dan, started, type Play } from "../gameday/model.ts";

/** Whom the messages of a game day call, by the kind of the event that each stands for; those that call nobody are left out. */
function calledBy(play: Play): Record<string, readonly string[]> {
  const identity = { id: "gameday-1", teamId: "T1", channelId: "C1" };
  const told = narrateGameDay(identity, play.events, "/chaos");
  return Object.fromEntries(
    told.flatMap(({ position, payload }) => {
      const type = play.events.find(({ seq }) => seq === position)?.type ?? "board";
      return payload.kind === "message" && (payload.calls ?? []).length > 0 ? [[type, payload.calls ?? []]] : [];
    }),
  );
}

describe("a game day", () => {
  it("calls those who vote, and those who could take over from a commander who left", () => {
    const play = started();
    play.do(acts.next(ana));
    play.do({ kind: "leave", by: ana });
    expect(calledBy(play)).toMatchObject({ "item-put": [ana, bob, cleo], left: [bob, cleo] });
  });
  it("calls everybody who is asked whether they are ready, but not who asks", () => {
    expect(calledBy(started())).toEqual({ "readiness-asked": [bob, cleo, dan] });
  });
  it("calls nobody for what is only told", () => {
    const play = started();
    const before = calledBy(play);
    play.do({ kind: "pause", by: ana, reason: "lunch" });
    play.do({ kind: "resume", by: ana });
    expect(calledBy(play)).toEqual(before);
  });
});
