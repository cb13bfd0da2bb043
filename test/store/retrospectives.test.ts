import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GameDayEventBody } from "../../src/gameday/events.ts";
import { planEvents } from "../../src/gameday/plan.ts";
import { makeRetrospective, readRetrospective } from "../../src/gameday/retrospective/make.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import { startOutbox } from "../../src/slack/outbox.ts";
import type { SlackPort, SlackResult, UploadFile } from "../../src/slack/port.ts";
import { narrateAction } from "../../src/slack/action-narrator.ts";
import { behindRetrospectives, tellRetrospective } from "../../src/slack/retrospective-narrator.ts";
import { wantMessages } from "../../src/slack/store/outbox.ts";
import { findArtifact } from "../../src/store/artifacts.ts";
import { appendEvents } from "../../src/store/events.ts";
import { appendGameDayEvents, insertGameDay, linkItemRun } from "../../src/store/game-days.ts";
import { retrospectiveText, withoutRetrospective } from "../../src/store/retrospectives.ts";
import { asService, insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { waitFor } from "../support/stack.ts";
import { samples } from "../slack/property/samples.ts";
import { ana, bob, somePlan } from "../gameday/model.ts";

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  // With the rights that the bot has.
  db = await asService(await startTestDatabase());
  rig = await dispatchRig(db.database);
});
afterAll(() => db?.stop());

const say = async (text: string, channelId: string): Promise<string> =>
  JSON.stringify(await rig.dispatcher.command(text, { userId: bob, teamId: "T1", channelId }));

/** A game day in the database: its first item ran, the second was skipped; ended, unless it goes on. */
async function play(channelId: string, how: "ended" | "open"): Promise<{ id: string; run: string }> {
  const { database } = db;
  const id = await insertGameDay(database, { teamId: "T1", channelId });
  let seen = 0;
  const append = async (phase: "open" | "ended", bodies: readonly GameDayEventBody[]): Promise<void> => {
    expect(await appendGameDayEvents(database, { id, seen, phase }, bodies)).toBe(true);
    seen += bodies.length;
  };
  await append("open", [
    ...planEvents(ana, somePlan),
    { type: "started", by: ana },
    { type: "item-put", by: ana, item: 1 },
    { type: "decided", item: 1, vote: "go", reason: null },
  ]);
  const run = await insertTestRun(database, channelId);
  await linkItemRun(database, { run, gameDay: id, item: 1 });
  const { report } = samples;
  const bodies: RunEventBody[] = [
    { type: "fault-injected", fault: "p", kind: "NetworkChaos", name: "n", atMs: 0, tookMs: 1 },
    { type: "fault-removed", fault: "p", kind: "NetworkChaos", name: "n", atMs: 1, tookMs: 1 },
    { type: "judged", report, artifacts: [] },
    { type: "state", from: "judging", to: "completed", reason: null, atMs: null },
  ];
  await appendEvents(database, run, bodies);
  const result = {
    state: "completed",
    reason: null,
    verdicts: report.verdicts,
    lost: 1,
    findings: 2,
    guard: null,
  } as const;
  await append("open", [
    { type: "run-requested", item: 1, run, state: "requested" },
    { type: "run-ended", item: 1, run, result },
  ]);
  await rig.actions.add(
    { userId: ana, teamId: "T1", channelId },
    { runId: run, title: "Raise the quorum", owner: bob, dueOn: null, findingId: null },
  );
  if (how === "open") return { id, run };
  await append("ended", [
    { type: "skipped", by: ana, item: 2, reason: "no time" },
    { type: "ended", by: ana, reason: null },
  ]);
  return { id, run };
}

const outbox = async (id: string) =>
  (
    await db.database.query<{ key: string; channel_id: string; in_thread: boolean; payload: { kind: string } }>(
      "select key, channel_id, in_thread, payload from slack_outbox where run_id = $1 order by position",
      [id],
    )
  ).rows;

describe("the retrospective of a game day", () => {
  it("shows its actions as they are now on the card and when it is asked for, and the rest as it was", async () => {
    const { id, run } = await play("C-NOW", "ended");
    await makeRetrospective(db.database, id);
    await tellRetrospective(db.database, id, "/chaos");
    const card = async () => (await outbox(id)).find(({ key }) => key === "retrospective");
    expect(JSON.stringify(await card())).not.toContain("Lower the timeout");
    const who = { userId: ana, teamId: "T1", channelId: "C-NOW" };
    const given = { runId: run, title: "Lower the timeout", owner: bob, dueOn: "2026-12-10", findingId: null };
    const added = await rig.actions.add(who, given);
    await narrateAction(db.database, added.id, "/chaos");
    expect(JSON.stringify(await card())).toMatch(/Lower the timeout: <@U0BOB>, due 2026-12-10/);
    expect(await say(`gameday retro ${id}`, "C-NOW")).toContain("Lower the timeout");
    await rig.actions.done(who, added.id, null);
    await narrateAction(db.database, added.id, "/chaos");
    expect(JSON.stringify(await card())).toMatch(/Lower the timeout: <@U0BOB>, due 2026-12-10, done/);
    expect((await readRetrospective(db.database, id))?.actions).toHaveLength(1);
  });
  it("is made once by any number of bots, from what is stored, when it has ended", async () => {
    const { id, run } = await play("C-MADE", "ended");
    expect(await withoutRetrospective(db.database)).toContain(id);
    const made = await Promise.all(Array.from({ length: 5 }, () => makeRetrospective(db.database, id)));
    expect(made.filter((each) => each !== null)).toHaveLength(1);
    expect(await withoutRetrospective(db.database)).not.toContain(id);
    const read = await readRetrospective(db.database, id);
    expect(read).toEqual(made.find((each) => each !== null));
    // Its figures counted from the rows themselves.
    const { rows } = await db.database.query<{ ms: number }>(
      `select extract(epoch from max(at) filter (where type = 'fault-removed')
                               - min(at) filter (where type = 'fault-injected')) * 1000 as ms
         from run_events where run_id = $1`,
      [run],
    );
    // The rows have microseconds, the events milliseconds.
    expect(Math.abs((read?.items[0]?.toHealMs ?? -1) - Number(rows[0]?.ms))).toBeLessThan(1.001);
    expect(read?.items.map(({ outcome }) => outcome)).toEqual(["ran", "skipped"]);
    expect(read?.actions.map(({ title, run: of }) => [title, of])).toEqual([["Raise the quorum", run]]);
    expect((await findArtifact(db.database, id, retrospectiveText))?.bytes.toString()).toContain("Raise the quorum");
  });
  it("is not made of one that goes on", async () => {
    const { id } = await play("C-OPEN", "open");
    expect(await withoutRetrospective(db.database)).not.toContain(id);
    await expect(say("gameday retro", "C-OPEN")).rejects.toMatchObject({ code: "not_pending" });
    await expect(say(`gameday retro ${id}`, "C-OPEN")).rejects.toMatchObject({ code: "not_pending" });
  });
  it("cannot be rewritten", async () => {
    const { id } = await play("C-KEPT", "ended");
    await makeRetrospective(db.database, id);
    await expect(db.database.query("update game_day_artifacts set bytes = ''")).rejects.toThrow();
  });
  it("is told once as a card in the channel and a file in the thread, and shown again when asked for", async () => {
    const { id } = await play("C-TOLD", "ended");
    await makeRetrospective(db.database, id);
    expect(await behindRetrospectives(db.database)).toContain(id);
    await Promise.all(Array.from({ length: 4 }, () => tellRetrospective(db.database, id, "/chaos")));
    expect(await behindRetrospectives(db.database)).not.toContain(id);
    expect(
      (await outbox(id)).map(({ key, channel_id, in_thread, payload }) => [key, channel_id, in_thread, payload.kind]),
    ).toEqual([
      ["retrospective", "C-TOLD", false, "message"],
      ["retrospective:file", "C-TOLD", true, "files"],
    ]);
    expect(await say("gameday retro", "C-TOLD")).toContain("Retrospective: Autumn game day");
    expect(await say(`gameday retro ${id}`, "C-ELSEWHERE")).toContain("Raise the quorum");
  });
  it.each([
    ["and a canvas where there can be one", { ok: true, ts: null } as SlackResult, false],
    [
      "and no more than a line in the log where there can be none",
      { ok: false, problem: { kind: "refused", error: "unknown_method" } } as SlackResult,
      true,
    ],
  ])("is uploaded as Markdown, %s", async (how, answer, isLogged) => {
    const channelId = `C-${how.length}`;
    const { id } = await play(channelId, "ended");
    await makeRetrospective(db.database, id);
    await tellRetrospective(db.database, id, "/chaos");
    const payload = { kind: "message" as const, text: "the board", blocks: [] };
    await wantMessages(db.database, id, channelId, [{ key: "card", position: 0, inThread: false, payload }]);
    const uploaded: UploadFile[] = [];
    const canvases: string[] = [];
    const lines: string[] = [];
    const port: SlackPort = {
      post: async () => ({ ok: true, ts: "1.1" }),
      update: async (_channel, ts) => ({ ok: true, ts }),
      upload: async (_target, _comment, files) => {
        uploaded.push(...files);
        return { ok: true, ts: null };
      },
      pin: async (_channel, ts) => ({ ok: true, ts }),
      canvas: async (channel, _title, markdown) => {
        if (channel === channelId) canvases.push(markdown);
        return answer;
      },
      find: async () => ({ ok: true, ts: null }),
    };
    const sender = startOutbox({
      database: db.database,
      slack: port,
      editEveryMs: 0,
      log: (message) => void lines.push(message),
    });
    await waitFor(
      async () => canvases.length,
      (count) => count > 0,
      15_000,
    );
    await sender.stop();
    const text = (await findArtifact(db.database, id, retrospectiveText))?.bytes.toString();
    expect(uploaded.some(({ name, bytes }) => name === retrospectiveText && bytes.toString() === text)).toBe(true);
    expect(canvases).toEqual([text]);
    expect(lines.some((line) => line.startsWith("no canvas"))).toBe(isLogged);
  });
});
