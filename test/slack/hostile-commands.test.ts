import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AftershockError } from "../../src/errors.ts";
import { checkTiming } from "../../src/run/schedules/cron.ts";
import type { Actor } from "../../src/run/service.ts";
import { parseCommandLine } from "../../src/slack/command-line.ts";
import { errorMessage } from "../../src/slack/errors.ts";
import { limits, type MessageContent } from "../../src/slack/limits.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, rowCounts, type DispatchRig } from "../support/dispatch-rig.ts";
import { growth, hostileText, tries } from "../support/fuzz.ts";

const alice: Actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };
const bob: Actor = { userId: "U0BOB", teamId: "T1", channelId: "C1" };
const mallory: Actor = { userId: "U0MALLORY", teamId: "T0EVIL", channelId: "C1" };

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
});
afterAll(() => db?.stop());

function withinLimits({ text, blocks }: MessageContent): void {
  expect(text.length).toBeLessThanOrEqual(limits.messageText);
  expect(text).not.toBe("");
  expect(blocks.length).toBeLessThanOrEqual(limits.blocks);
  expect(JSON.stringify({ text, blocks })).not.toMatch(/<!(channel|here|everyone)>/);
}

/** Does it, and returns what was refused; whatever is thrown and no AftershockError is thrown on. */
async function refusalOf(work: () => Promise<MessageContent | void>): Promise<AftershockError | null> {
  try {
    const reply = await work();
    if (reply !== undefined) withinLimits(reply);
    return null;
  } catch (error) {
    if (!(error instanceof AftershockError)) throw error;
    expect(error.message).not.toBe("");
    expect(error.hint).not.toBe("");
    withinLimits(errorMessage(error, () => expect.unreachable("an AftershockError needs no log")));
    return error;
  }
}

/** A refusal stores nothing; what is done is stored whole: a run or schedule with its first event and its state. */
async function storesAllOrNothing(work: () => Promise<MessageContent | void>): Promise<AftershockError | null> {
  const before = await rowCounts(db.database);
  const refusal = await refusalOf(work);
  if (refusal !== null) expect(await rowCounts(db.database)).toEqual(before);
  return refusal;
}

async function halves(): Promise<unknown[]> {
  const { rows } = await db.database.query(
    `select id from runs r where not exists (select 1 from run_events e where e.run_id = r.id and e.type = 'requested')
     union all select run_id from run_events e where not exists (select 1 from runs r where r.id = e.run_id)
     union all select id from runs r where state <> 'requested'
       and not exists (select 1 from run_events e where e.run_id = r.id and e.type = 'state' and e.data->>'to' = r.state)
     union all select id from schedules s
       where not exists (select 1 from schedule_events e where e.schedule_id = s.id and e.type = 'requested')`,
  );
  return rows;
}

describe("a command line", () => {
  it.each([
    ["a NUL", "status run-1\u0000"],
    ["an escape of a terminal", "abort run-1 \u001b[31mred"],
    ["half a character", "abort run-1 \ud800"],
    ["more than a message holds", `abort run-1 ${"x".repeat(5000)}`],
  ])("with %s is refused before anything looks at it", (_what, text) => {
    expect(() => parseCommandLine(text)).toThrow(expect.objectContaining({ code: "bad_command" }));
  });
  it.each([
    ["emoji and other scripts", "abort run-1 👩‍👩‍👧‍👦 Größe 测试 שלום"],
    ["tabs and lines", "abort run-1\tnot\nnow"],
    ["an apostrophe", "deny run-1 don't"],
    ["as much as is read", `abort run-1 ${"x".repeat(3988)}`],
  ])("with %s is read", (_what, text) => expect(parseCommandLine(text).words[0]).toBe("run-1"));
  it("of any text is read or refused, and says what was typed by its own names only", () => {
    fc.assert(
      fc.property(
        fc.array(hostileText).map((all) => all.join(" ")),
        (text) => {
          try {
            const line = parseCommandLine(text);
            for (const [key, value] of Object.entries(line.options)) {
              expect(typeof value).toBe("string");
              expect(text.length).toBeGreaterThanOrEqual(key.length);
            }
            expect(Object.getPrototypeOf(line.options)).toBe(Object.prototype);
          } catch (error) {
            expect(error).toMatchObject({ code: "bad_command" });
          }
        },
      ),
      tries(500),
    );
  });
  it.each([
    ["quotes", (length: number) => `x ${'"a'.repeat(length / 2)}`],
    ["dashes", (length: number) => "— ".repeat(length / 2)],
    ["options", (length: number) => `run ${"--".repeat(length / 2)}`],
    ["equals", (length: number) => `run ${"a=".repeat(length / 2)}`],
    ["underscores", (length: number) => `run --${"_a-".repeat(length / 3)}=1`],
    ["entities", (length: number) => "&amp;".repeat(length / 5)],
    ["spaces", (length: number) => " ".repeat(length)],
  ])("of %s takes time in proportion to its length", (_what, text) => {
    const read = (length: number) => () => {
      try {
        parseCommandLine(text(length));
      } catch {
        // Only the time counts here.
      }
    };
    // A regular expression without bound would not end; 16 is quadratic on a quiet machine.
    expect(growth(990, read)).toBeLessThan(40);
  });
});

describe("the pattern of a schedule", () => {
  it.each([
    ["a range with two dashes, whose end would be dropped", "0 0 1-5-9 * *", /one dash/],
    ["a day that none of its months has", "0 0 31 4,6,9,11 *", /none of its months/],
    ["the 30th of February", "0 0 30 2 *", /is not a schedule/],
    ["six fields", "0 0 0 * * *", /five fields/],
    ["a step of nothing", "0 0 */0 * *", /is not a schedule/],
    ["a name that every object has", "0 0 * constructor *", /is not a schedule/],
    ["some time", "0 H * * *", /H is not a time/],
  ])("with %s is refused", (_what, pattern, message) => {
    expect(() => checkTiming(pattern, "UTC")).toThrow(message);
  });
  it.each(["0 0 31 4-7 *", "0 0 29 2 *", "0 0 1-5 * 1-5", "0 0 L * *"])("%s is taken", (pattern) =>
    expect(checkTiming(pattern, "UTC").pattern).toBe(pattern),
  );
  it("of any five words, in any zone, is taken or refused", () => {
    const field = fc.oneof(
      fc.stringMatching(/^[0-9*,/\-#LWH?]{1,6}$/),
      fc.constantFrom("*", "0", "1-5", "*/5", "MON", "JAN-MAR", "7#9"),
      hostileText,
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 4, maxLength: 6 }), hostileText, (fields, zone) => {
        for (const tz of ["UTC", zone]) {
          try {
            checkTiming(fields.join(" "), tz);
          } catch (error) {
            expect(error).toMatchObject({ code: "bad_parameter" });
          }
        }
      }),
      tries(300),
    );
  });
});

describe("every verb on a real database", () => {
  it("refuses what a parameter may not be, and stores nothing", async () => {
    for (const [text, code] of [
      ["run redis-split-brain duration=-5s", "bad_parameter"],
      ["run redis-split-brain duration=999999999h", "bad_parameter"],
      ["run redis-split-brain duration=NaN", "bad_parameter"],
      ["run redis-split-brain rate=1e3", "bad_parameter"],
      ["run redis-split-brain rate=99999999999999999999", "bad_parameter"],
      ["run redis-split-brain rate=-1", "bad_parameter"],
      ["run redis-split-brain --duration 15s duration=15s", "bad_command"],
      ["run redis-split-brain profile=constructor", "bad_parameter"],
      ["run redis-split-brain profile=__proto__", "bad_parameter"],
      ["run redis-split-brain constructor=1", "bad_parameter"],
      ["run redis-split-brain --__proto__ 1", "bad_parameter"],
      ["run redis-split-brain cluster=toString", "unknown_cluster"],
      ["run redis-split-brain namespace=kube-system", "not_allowed"],
      ["run redis-split-brain namespace=aftershock", "not_allowed"],
      ["run redis-split-brain namespace=*", "bad_parameter"],
      ["run redis-split-brain namespace=Cache", "bad_parameter"],
      ["run redis-split-brain namespace=kube-system --dry-run", "not_allowed"],
      ["run postgres-io-delay volumePath=/", "bad_parameter"],
      ["run postgres-io-delay volumePath=/data/../etc", "bad_experiment"],
      ["run constructor", "unknown_experiment"],
      ["run <@U0BOB>", "unknown_experiment"],
      ['schedule redis-split-brain "0 0 * * *" namespace=kube-system', "not_allowed"],
      ['schedule redis-split-brain "0 0 * * *" for=-1d', "bad_parameter"],
      ['schedule redis-split-brain "0 0 * * *" runs=0x10', "bad_parameter"],
      ["status constructor", "unknown_run"],
      ["abort run-99999999999999999999", "unknown_run"],
      ["approve schedule-99999999999999999999", "unknown_schedule"],
      ['unschedule "\'; drop table schedules"', "unknown_schedule"],
    ] as const) {
      const refusal = await storesAllOrNothing(() => rig.dispatcher.command(text, alice));
      expect({ text, code: refusal?.code }).toEqual({ text, code });
    }
  });
  it("takes a reason as it was typed, in any script, and refuses an outsider", async () => {
    await rig.dispatcher.command("run redis-split-brain", alice);
    const [run] = await rig.service.open("C1");
    expect((await storesAllOrNothing(() => rig.dispatcher.command(`approve ${run?.id}`, mallory)))?.code).toBe(
      "not_allowed",
    );
    expect(await refusalOf(() => rig.dispatcher.command(`deny ${run?.id} not “now” 👩‍👩‍👧‍👦 'x' <b>`, bob))).toBeNull();
    const denied = (await rig.service.events(run?.id ?? "")).find((event) => event.type === "denied");
    expect(denied).toMatchObject({ reason: "not now 👩‍👩‍👧‍👦 x <b>" });
  });
  it("with anything after it: a reply, or a refusal with its code, sentence and hint; all stored or nothing", async () => {
    const verb = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...rig.verbs.flatMap(({ name, aliases = [] }) => [name, ...aliases])) },
      { weight: 1, arbitrary: hostileText },
    );
    const names = rig.experiments.map(({ name }) => name);
    const keys = rig.experiments.flatMap(({ parameters }) => Object.keys(parameters));
    const word = fc.oneof(
      fc.constantFrom(
        ...names,
        "run-1",
        "1",
        "run-2",
        "RUN-3",
        "run-0",
        "schedule-1",
        "2",
        "--dry-run",
        "--help",
        "--",
        "plan",
        "title=t",
        "join",
        "start",
        "next",
        "vote",
        "go",
        "note",
        "predict",
        "held",
        "status",
        "gameday-1",
      ),
      fc.constantFrom(
        "cluster=lab",
        "profile=demo",
        "tz=Europe/Berlin",
        "for=2w",
        "runs=3",
        '"0 6 * * 0"',
        "duration=20s",
      ),
      fc
        .tuple(fc.constantFrom(...keys, "cluster", "profile", "tz", "for", "runs", "constructor"), hostileText)
        .map(([key, value]) => `${key}=${value}`),
      hostileText,
    );
    const line = fc.tuple(verb, fc.array(word, { maxLength: 5 }), fc.constantFrom(" ", "  ", "\t", "\n", "\u00a0"));
    const actor = fc.constantFrom(alice, bob, mallory);
    await fc.assert(
      fc.asyncProperty(line, actor, async ([first, words, space], who) => {
        await storesAllOrNothing(() => rig.dispatcher.command([first, ...words].join(space), who));
      }),
      tries(400),
    );
    expect(await halves()).toEqual([]);
  });
  it("by a button with any value: done or refused; all stored or nothing", async () => {
    const action = fc.oneof(
      fc.constantFrom(
        "approve",
        "deny",
        "stop",
        "unschedule",
        "constructor",
        "gameday-join",
        "gameday-predict",
        "gameday-go",
      ),
      hostileText,
    );
    const value = fc.oneof(
      fc.constantFrom("run-1", "run-2", "schedule-1", "12", "run-1 ", "RUN-1", "gameday-1", "gameday-1|1|held", "|||"),
      hostileText,
    );
    await fc.assert(
      fc.asyncProperty(action, value, fc.constantFrom(alice, bob, mallory), async (name, id, who) => {
        await storesAllOrNothing(() => rig.dispatcher.click(name, id, who));
      }),
      tries(200),
    );
    expect(await halves()).toEqual([]);
  });
});
