import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verbosities, type Verbosity } from "../../src/run/channels/verbosity.ts";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import type { Actor, RunRow } from "../../src/run/service.ts";
import { narrate, type DesiredMessage } from "../../src/slack/narrate.ts";
import { narrateRun } from "../../src/slack/narrator.ts";
import { isSaid, verbosityFor } from "../../src/slack/verbosity.ts";
import { appendEvents } from "../../src/store/events.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { samples } from "./property/samples.ts";

const { events, runs } = samples;
const [run] = runs;
if (run === undefined) throw new Error("no sample run");
const nothing: ReadonlySet<string> = new Set();
const keysOf = (messages: readonly DesiredMessage[]): string[] => messages.map(({ key }) => key);
const told = (verbosity: Verbosity, some: readonly RunEvent[], row: RunRow = run): DesiredMessage[] =>
  narrate(row, some, { verbosity, shown: nothing });
const body = (given: RunEventBody, seq = 1): RunEvent => ({ ...given, run: "run-1", seq, at: run.createdAt });

describe("what is told of an event", () => {
  it("grows with the verbosity, and in full everything is told", () => {
    for (const event of events) {
      const said = verbosities.map((verbosity) => isSaid(event, verbosity));
      expect(said, event.type).toEqual(said.toSorted((a, b) => Number(a) - Number(b)));
      expect(said.at(-1), event.type).toBe(true);
    }
  });
  it("is always told where people must act, and of the end", () => {
    const mustAct = events.filter(
      (event) =>
        ["denied", "expired", "approval-void", "halted", "problem", "judged", "note"].includes(event.type) ||
        event.type.startsWith("alarm-") ||
        (event.type === "requested" && event.schedule?.kind !== "starts") ||
        ("ok" in event && !event.ok && event.type !== "restart-done") ||
        (event.type === "state" && ["failed", "aborted", "interrupted"].includes(event.to)),
    );
    expect(mustAct.length).toBeGreaterThan(15);
    expect(mustAct.filter((event) => !isSaid(event, "quiet")).map(({ type }) => type)).toEqual([]);
  });
  it("is little when it is quiet: neither probes, nor system, nor steps that go as they should", () => {
    const quietly = new Set(events.filter((event) => isSaid(event, "quiet")).map(({ type }) => type));
    for (const type of ["probe-status", "system", "fault-intended", "fault-injected", "fault-removed", "topology"]) {
      expect(quietly.has(type as RunEvent["type"])).toBe(false);
    }
    expect(
      isSaid(body({ type: "guard", id: "g", title: "t", ok: true, measured: "m", bound: "b", hint: "" }), "quiet"),
    ).toBe(false);
  });
});

describe("a run's messages", () => {
  it("are fewer when it is quiet and more when it is full, and the card is always there", () => {
    const [quiet, normal, full] = verbosities.map((verbosity) => keysOf(told(verbosity, unscheduled)));
    expect(normal).toEqual(expect.arrayContaining(quiet ?? []));
    expect(full).toEqual(expect.arrayContaining(normal ?? []));
    expect(quiet?.length).toBeLessThan(normal?.length ?? 0);
    expect(normal?.length).toBeLessThan(full?.length ?? 0);
    for (const keys of [quiet, normal, full])
      expect(keys).toEqual(expect.arrayContaining(["card", "request", "summary"]));
    expect(quiet).not.toContain("live");
  });
  it("that stand already are kept true, whatever is set since", () => {
    const kept = narrate(run, unscheduled, { verbosity: "quiet", shown: new Set(["live"]) });
    expect(keysOf(kept)).toContain("live");
  });
});

describe("a run that a schedule asked for", () => {
  const asked = (kind: "starts" | "asks"): RunEventBody => ({
    type: "requested",
    by: "U0ALICE",
    plan: run.plan,
    digest: "d",
    expiresAt: run.createdAt,
    schedule: { id: "schedule-3", kind },
  });
  const judgedWith = (change: object): RunEvent => {
    const [judged] = events.filter((event) => event.type === "judged");
    if (judged === undefined) throw new Error("no judged event");
    const verdicts = { hypothesis: "held", run: "completed", cleanup: "verified", ...change } as const;
    return { ...judged, seq: 90, report: { ...judged.report, verdicts } };
  };
  const ending = (to: "completed" | "failed" | "expired" | "denied", reason: string | null = null): RunEvent =>
    body({ type: "state", from: "judging", to, reason, atMs: null }, 99);
  const steps = events
    .filter(({ type }) => ["probe-status", "system", "fault-injected", "approved"].includes(type))
    .map((event, at) =>
      event.type === "approved" ? { ...event, schedule: "schedule-3", seq: at + 2 } : { ...event, seq: at + 2 },
    );
  const life = (...last: RunEvent[]): RunEvent[] => [body(asked("starts")), ...steps, ...last];

  it("is told quietly in every channel but a full one", () => {
    expect(verbosities.map((channel) => verbosityFor(channel, life()))).toEqual(["quiet", "quiet", "full"]);
    expect(verbosities.map((channel) => verbosityFor(channel, unscheduled))).toEqual([...verbosities]);
  });
  it("that went well has its card and its findings, and nothing in the channel", () => {
    const said = told("normal", life(judgedWith({}), ending("completed")));
    expect(keysOf(said)).toEqual(["card", "summary", "files:chart", "files:report"]);
    expect(said.filter(({ inThread }) => !inThread).map(({ key }) => key)).toEqual(["card"]);
  });
  it.each([
    ["was refuted", [judgedWith({ hypothesis: "refuted" }), ending("completed")], "hypothesis refuted"],
    ["is inconclusive", [judgedWith({ hypothesis: "inconclusive" }), ending("completed")], "inconclusive"],
    ["is unverified", [judgedWith({ cleanup: "unverified" }), ending("completed")], "cleanup UNVERIFIED"],
    ["failed", [judgedWith({ run: "failed" }), ending("failed", "No replica is healthy.")], "No replica is healthy."],
    ["expired", [ending("expired", "Nobody approved it in time.")], "Nobody approved it in time."],
  ])("that %s is told in the channel itself, to who wants the schedule", (_what, last, words) => {
    const said = told("quiet", life(...last)).find(({ key }) => key === "scheduled-end");
    expect(said?.inThread).toBe(false);
    expect(JSON.stringify(said?.payload)).toContain(words);
    expect(JSON.stringify(said?.payload)).toContain("<@U0ALICE>");
  });
  it("that somebody denied is no failure, and nobody is told who need not act", () => {
    expect(keysOf(told("normal", life(ending("denied"))))).not.toContain("scheduled-end");
  });
  it("is asked for aloud where it needs an approval", () => {
    expect(keysOf(told("quiet", [body(asked("asks"))]))).toContain("request");
    expect(keysOf(told("quiet", [body(asked("starts"))]))).not.toContain("request");
  });
});

const unscheduled = events.filter((event) => event.type !== "requested" || event.schedule === undefined);

describe("/chaos channel", () => {
  let db: TestDatabase;
  let rig: DispatchRig;
  beforeAll(async () => {
    db = await startTestDatabase();
    rig = await dispatchRig(db.database);
  });
  afterAll(() => db?.stop());
  const bob = (channelId: string): Actor => ({ userId: "U0BOB", teamId: "T1", channelId });
  const say = (text: string, who: Actor) => rig.dispatcher.command(text, who);

  it("says what is set and by whom, and sets it for this channel", async () => {
    expect((await say("channel", bob("C-A"))).text).toContain("told normal");
    expect((await say("channel verbosity=quiet", bob("C-A"))).text).toContain("told quiet");
    const shown = await say("channel", bob("C-A"));
    expect(JSON.stringify(shown.blocks)).toContain("<@U0BOB>");
    expect((await say("channel", bob("C-B"))).text).toContain("told normal");
    expect((await rig.dispatcher.click("channel-verbosity:0", "full", bob("C-A")))?.text).toContain("told full");
    expect((await say("channel quiet", bob("C-A"))).text).toContain("told quiet");
  });
  it("keeps every change, who made it, and nothing that was refused", async () => {
    await say("channel verbosity=full", bob("C-C"));
    await say("channel verbosity=quiet", bob("C-C"));
    await expect(say("channel verbosity=quite", bob("C-C"))).rejects.toMatchObject({
      hint: expect.stringContaining("verbosity=quiet"),
    });
    await expect(say("channel verbosity=", bob("C-C"))).rejects.toMatchObject({ code: "bad_parameter" });
    await expect(say("channel verbosty=quiet", bob("C-C"))).rejects.toMatchObject({
      hint: expect.stringContaining("verbosity"),
    });
    await expect(say("channel verbosity=full", { ...bob("C-C"), teamId: "T2" })).rejects.toMatchObject({
      code: "not_allowed",
    });
    await expect(say("channel verbosity=full", { ...bob(""), channelId: "" })).rejects.toMatchObject({
      code: "bad_command",
    });
    const { rows } = await db.database.query(
      "select verbosity, changed_by from channel_settings where channel_id = 'C-C' order by id",
    );
    expect(rows).toEqual([
      { verbosity: "full", changed_by: "U0BOB" },
      { verbosity: "quiet", changed_by: "U0BOB" },
    ]);
    await expect(db.database.query("update channel_settings set verbosity = 'full'")).rejects.toThrow("append-only");
  });
  it("is what the thread of a run is told by, from then on", async () => {
    const wanted = async (runId: string): Promise<string[]> => {
      await narrateRun(db.database, runId);
      const { rows } = await db.database.query<{ key: string }>(
        "select key from slack_outbox where run_id = $1 order by position, id",
        [runId],
      );
      return rows.map(({ key }) => key);
    };
    const runId = await insertTestRun(db.database, "C-D");
    const step: RunEventBody = { type: "fault-injected", fault: "f", kind: "PodChaos", name: "n", atMs: 1, tookMs: 1 };
    await appendEvents(db.database, runId, [step]);
    expect(await wanted(runId)).toEqual(["card", "event:1"]);
    await say("channel quiet", bob("C-D"));
    await appendEvents(db.database, runId, [step, { type: "problem", code: "c", message: "m", hint: "h" }]);
    expect(await wanted(runId)).toEqual(["card", "event:1", "event:3"]);
  });
});
