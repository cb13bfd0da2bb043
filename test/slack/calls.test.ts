import { fc, test } from "@fast-check/vitest";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import { verbosities, type Verbosity } from "../../src/run/channels/verbosity.ts";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import { mentionsIn, quieten, textsIn } from "../../src/slack/calls.ts";
import { haltMessages } from "../../src/slack/halt-narrator.ts";
import { content, section } from "../../src/slack/limits.ts";
import { createNames } from "../../src/slack/names.ts";
import { narrate, type DesiredMessage } from "../../src/slack/narrate.ts";
import { narrateScheduleEvents } from "../../src/slack/narrate-schedule.ts";
import { startOutbox } from "../../src/slack/outbox.ts";
import type { SlackPort } from "../../src/slack/port.ts";
import { wantMessages } from "../../src/slack/store/outbox.ts";
import { renderNotice } from "../../src/slack/views/notice.ts";
import { createWebPort } from "../../src/slack/web-port.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { startGateRig, type GateRig } from "../support/gate-rig.ts";
import { hasty, unlimited } from "../support/slack-speed.ts";
import { waitFor } from "../support/stack.ts";
import { hostileText, poison } from "./property/hostile.ts";
import { wrongWith } from "./property/said.ts";
import { samples } from "./property/samples.ts";

/** Which kinds of events may call somebody, and the messages that stand for several events. A new one is a decision. */
const mayCall: ReadonlySet<string> = new Set([
  "request",
  "approved",
  "denied",
  "expired",
  "approval-void",
  "state",
  "summary",
  "scheduled-end",
  "page",
  // Of schedules.
  "activated",
  "cancelled",
  "cannot-start",
  "missed",
  "ended",
]);

type Told = Extract<DesiredMessage["payload"], { kind: "message" }>;
interface Posted {
  kind: string;
  message: Told;
}

/** What is posted, with the kind of its event. */
function posted(messages: readonly DesiredMessage[], events: ReadonlyArray<{ seq: number; type: string }>): Posted[] {
  return messages.flatMap(({ key, payload }): Posted[] => {
    if (payload.kind !== "message") return [];
    const [name = "", seq] = key.split(":");
    const kind = name === "event" ? (events.find((event) => event.seq === Number(seq))?.type ?? "") : name;
    return [{ kind, message: payload }];
  });
}

/** Every message of everything, in every state and at every verbosity. */
function everything(
  { runs, events, schedules, scheduleEvents, halts, haltEvents, notices }: typeof samples,
  told: readonly Verbosity[] = verbosities,
): Posted[] {
  const person = events.filter((event) => event.type !== "requested" || event.schedule === undefined);
  return [
    ...runs.flatMap((run) =>
      [events, person].flatMap((some) =>
        told.flatMap((verbosity) => posted(narrate(run, some, { verbosity, shown: new Set() }), some)),
      ),
    ),
    ...schedules.flatMap((schedule) => posted(narrateScheduleEvents(schedule, scheduleEvents), scheduleEvents)),
    ...halts.flatMap((halt) => posted(haltMessages(halt, haltEvents), haltEvents)),
    ...notices.map((notice) => ({ kind: "notice", message: { kind: "message" as const, ...renderNotice(notice) } })),
  ];
}

/** Whom a first posting notifies. Names are as people chose them. */
const notified = ({ calls = [], text, blocks }: Told, name = "Bob"): string[] =>
  mentionsIn(textsIn(quieten({ text, blocks }, calls, new Map([["U0BOB", name]]))));

describe("whom a message calls when it is posted", () => {
  const all = everything(samples);
  it("is whom it says, and nobody else", () => {
    expect(all.length).toBeGreaterThan(500);
    for (const { kind, message } of all) {
      expect(
        notified(message).filter((id) => !(message.calls ?? []).includes(id)),
        kind,
      ).toEqual([]);
    }
  });
  it("is nobody but in the kinds of messages that may call", () => {
    const calling = new Set(all.flatMap(({ kind, message }) => (notified(message).length > 0 ? [kind] : [])));
    expect([...calling].filter((kind) => !mayCall.has(kind))).toEqual([]);
    expect(calling.size).toBeGreaterThan(8);
  });
  it("is named in it: nobody is called by what does not name them", () => {
    for (const { kind, message } of all) {
      const missing = (message.calls ?? []).filter((id) => /^[UW]/.test(id) && !notified(message).includes(id));
      expect(missing, kind).toEqual([]);
    }
  });
  it("are user groups only in pages", () => {
    const groups = all.filter(({ message }) => textsIn(message).some((text) => text.includes("<!subteam^")));
    expect(new Set(groups.map(({ kind }) => kind))).toEqual(new Set(["page"]));
  });
  it("would be found if a message called somebody by the way", () => {
    const message: Told = { kind: "message", ...content("by <@U0BOB>", [section("by <@U0BOB>")]) };
    expect(notified(message)).toEqual([]);
    expect(notified({ ...message, calls: ["U0BOB"] })).toEqual(["U0BOB"]);
    expect(mentionsIn(textsIn(message))).toEqual(["U0BOB"]);
  });
  test.prop([fc.oneof(hostileText, fc.constant("<@U0BOB>".repeat(30)))], { numRuns: 5 })(
    "is so with any text, and with any name",
    (text) => {
      const few = { ...samples, runs: samples.runs.slice(0, 1), schedules: samples.schedules.slice(0, 2) };
      for (const { message } of everything(poison(few, text), ["full"])) {
        expect(notified(message, text).filter((id) => !(message.calls ?? []).includes(id))).toEqual([]);
        const said = quieten(message, message.calls ?? [], new Map([["U0BOB", text]]));
        expect(wrongWith(said)).toEqual([]);
      }
    },
  );
  it("is read off what Slack reads only: a header stays as it is, and as long", () => {
    const header = { type: "header", text: { type: "plain_text", text: "<@U0BOB>" } } as const;
    expect(quieten({ text: "x", blocks: [header] }, [], new Map([["U0BOB", "n".repeat(40)]])).blocks).toEqual([header]);
  });
  test.prop([fc.string({ minLength: 1, maxLength: 80 })])("a name is never a mark or a mention", (name) => {
    const said = quieten(content("<@U0BOB>", []), [], new Map([["U0BOB", name]])).text;
    expect(said).not.toMatch(/<|>|\*|`/);
    expect(said.length).toBeGreaterThan(0);
  });
});

describe("the people of a run", () => {
  const [run] = samples.runs;
  if (run === undefined) throw new Error("no run");
  const policy = { rule: "r", approvers: "<@U0BOB>, <@U0CAROL> or anybody in @dba" };
  const requested: RunEventBody = {
    type: "requested",
    by: "U0ALICE",
    plan: run.plan,
    digest: "d",
    expiresAt: run.createdAt,
    policy,
  };
  const state = (to: "approved" | "aborted" | "denied" | "completed"): RunEventBody => ({
    type: "state",
    from: "requested",
    to,
    reason: null,
    atMs: null,
  });
  const approved: RunEventBody = { type: "approved", by: "U0BOB", reason: null, digest: "d", given: 1, needed: 1 };
  const [judged] = samples.events.filter((event) => event.type === "judged");
  if (judged === undefined) throw new Error("not judged");
  const life = (...bodies: RunEventBody[]): RunEvent[] =>
    bodies.map((body, at) => ({ ...body, run: run.id, seq: at + 1, at: run.createdAt }));
  const called = (...bodies: RunEventBody[]): Record<string, number> => {
    const events = life(...bodies);
    const ids = posted(narrate(run, events), events).flatMap(({ message }) => notified(message));
    return Object.fromEntries([...new Set(ids)].map((id) => [id, ids.filter((each) => each === id).length]));
  };

  it("are called once when they must approve, and the requester when it was approved and when it ended", () => {
    expect(called(requested)).toEqual({ U0BOB: 1, U0CAROL: 1 });
    expect(called(requested, approved, state("approved"))).toEqual({ U0BOB: 1, U0CAROL: 1, U0ALICE: 1 });
    expect(called(requested, approved, state("approved"), judged, state("completed"))).toEqual({
      U0BOB: 1,
      U0CAROL: 1,
      U0ALICE: 2,
    });
  });
  it.each<[string, RunEventBody[], number]>([
    ["denied by somebody", [{ type: "denied", by: "U0BOB", reason: null }, state("denied")], 1],
    ["taken back by themselves", [{ type: "denied", by: "U0ALICE", reason: null }, state("denied")], 0],
    ["not approved in time", [{ type: "expired" }], 1],
    ["stopped by somebody", [{ type: "abort-requested", by: "U0BOB", reason: null }, state("aborted")], 1],
    ["stopped by themselves", [{ type: "abort-requested", by: "U0ALICE", reason: null }, state("aborted")], 0],
    ["halted by somebody", [{ type: "halted", halt: "halt-1", by: "U0BOB", reason: null }, state("aborted")], 1],
    ["void", [{ type: "approval-void", reason: "r" }, state("aborted")], 1],
    ["half approved", [{ ...approved, needed: 2 }], 0],
  ])("the requester is called once or not at all when it was %s", (_what, bodies, times) => {
    expect(called(requested, ...bodies)["U0ALICE"] ?? 0).toBe(times);
  });
  it("nobody is called by a note, whomever it names", () => {
    expect(called({ type: "note", by: "U0BOB", text: "ask <@U0CAROL>" })).toEqual({});
  });
  it("nobody is called by a scheduled run that went well", () => {
    const schedule = { id: "schedule-3", kind: "starts" } as const;
    const report = {
      ...judged.report,
      verdicts: { hypothesis: "held", run: "completed", cleanup: "verified" },
    } as const;
    const well = [
      { ...requested, schedule },
      { ...approved, schedule: "schedule-3" },
      { ...judged, report },
    ] as const;
    expect(called(...well, state("completed"))).toEqual({});
    expect(called(...well.slice(0, 2), judged, state("completed"))).toEqual({ U0ALICE: 1 });
  });
});

describe("a first posting, through Slack's protocol", () => {
  let db: TestDatabase;
  let rig: GateRig;
  const options = () => ({ token: workspace.bot.token, slackApiUrl: rig.gate.apiUrl });
  beforeAll(async () => {
    [db, rig] = await Promise.all([startTestDatabase(), startGateRig()]);
  });
  afterAll(async () => {
    await rig?.stop();
    await db?.stop();
  });
  beforeEach(async () => {
    await db.database.query("truncate slack_outbox, slack_pace");
    await fetch(`${rig.slack.url}/_control/reset`, { method: "POST" });
  });
  const say = async (text: string, calls: readonly string[], port: SlackPort): Promise<string[]> => {
    const runId = await insertTestRun(db.database);
    const posts: string[] = [];
    const outbox = startOutbox({
      database: db.database,
      slack: {
        ...port,
        post: (target, message, marker) => {
          posts.push(message.text);
          return port.post(target, message, marker);
        },
      },
      nameOf: createNames(options()),
      editEveryMs: 0,
      rates: unlimited,
      patience: hasty,
      log: () => undefined,
    });
    const payload = { kind: "message", calls, ...content(text, [section(text)]) } as const;
    await wantMessages(db.database, runId, workspace.channel.id, [
      { key: "card", position: 0, inThread: false, payload },
    ]);
    outbox.wake();
    await waitFor(
      async () => (await db.database.query("select 1 from slack_outbox where outstanding")).rowCount ?? 0,
      (count) => count === 0,
      10_000,
    );
    await outbox.stop();
    return posts;
  };
  const shown = async (): Promise<string[]> => (await rig.slack.messages()).map(({ text }) => text ?? "");

  it("has the names that people go by in place of mentions, and mentions whom it calls", async () => {
    const port = createWebPort(workspace.bot.token, rig.gate.apiUrl);
    expect(await say("<@U0BOB> approved, <@U0ALICE>", ["U0ALICE"], port)).toEqual(["bob approved, <@U0ALICE>"]);
    expect(await shown()).toEqual(["bob approved, <@U0ALICE>"]);
  });
  it("whose names Slack does not tell is mended by an edit, which calls nobody", async () => {
    const port = createWebPort(workspace.bot.token, rig.gate.apiUrl);
    expect(await say("<@U0NOBODY> approved", [], port)).toEqual(["U0NOBODY approved"]);
    expect(await shown()).toEqual(["<@U0NOBODY> approved"]);
  });
  it("whose answer was lost is found by what it said, and stands there once", async () => {
    rig.gate.misbehave({ method: "chat.postMessage", verdict: "lose-answer" });
    const real = createWebPort(workspace.bot.token, rig.gate.apiUrl);
    const looked: string[] = [];
    const port: SlackPort = {
      ...real,
      find: (target, look) => {
        looked.push(...look.texts);
        return real.find(target, look);
      },
    };
    await say("<@U0BOB> approved", [], port);
    expect(looked).toContain("bob approved");
    expect(await shown()).toHaveLength(1);
  });
});
