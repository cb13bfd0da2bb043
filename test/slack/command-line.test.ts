import { fileURLToPath } from "node:url";
import { fc, test } from "@fast-check/vitest";
import { beforeAll, describe, expect, it } from "vitest";
import { AftershockError, isAftershockError } from "../../src/errors.ts";
import type { HaltService } from "../../src/run/halt/service.ts";
import type { ScheduleService } from "../../src/run/schedules/service.ts";
import type { Actor, RunService } from "../../src/run/service.ts";
import { parseCommandLine, unknownVerb } from "../../src/slack/command-line.ts";
import { createDispatcher, type Dispatcher } from "../../src/slack/dispatch.ts";
import { loadVerbs } from "../../src/slack/load-verbs.ts";
import { noAlarms } from "../support/alarms.ts";
import { seen } from "../support/overview.ts";
import { noExports } from "../support/exports.ts";
import { noPast } from "../support/past.ts";

describe("sentences in a command", () => {
  it("may have apostrophes and dashes in them", () => {
    expect(parseCommandLine("deny run-12 don’t — not now, it's R&amp;D").tokens.join(" ")).toBe(
      "run-12 don't — not now, it's R&D",
    );
  });
  it("have Slack's entities as they were typed, once", () => {
    expect(parseCommandLine("deny 1 a &lt; b &amp;amp; c").tokens.slice(1)).toEqual(["a", "<", "b", "&amp;", "c"]);
  });
  it("keep what looks like a parameter", () => {
    expect(parseCommandLine("approve 12 with rate=200 as agreed").tokens).toEqual([
      "12",
      "with",
      "rate=200",
      "as",
      "agreed",
    ]);
  });
  it("open a quote at the start of a word or value only", () => {
    expect(parseCommandLine(`run x a="b c" d='e "f"'`).options).toEqual({ a: "b c", d: 'e "f"' });
  });
});

describe("the nearest verb", () => {
  const verbs = ["help", "list", "run", "show", "status", "abort", "findings"];
  it.each([
    ["hlep", "help"],
    ["lsit", "list"],
    ["rnu", "run"],
    ["staus", "status"],
    ["finding", "findings"],
    ["HELP", "help"],
  ])("to %s is %s", (typed, near) => expect(unknownVerb(typed, verbs).hint).toContain(near));
  it.each(["deploy", "xyzzy", "q", ""])("to %j is none, and help is named", (typed) =>
    expect(unknownVerb(typed, verbs).hint).not.toContain("Did you mean"),
  );
});

describe("options that a verb does not take", () => {
  const actor: Actor = { userId: "U1", teamId: "T1", channelId: "C1" };
  const refused = new AftershockError("unknown_run", "no", "no");
  const service = new Proxy({} as RunService, {
    get: () => () => {
      throw refused;
    },
  });
  let dispatcher: Dispatcher;
  beforeAll(async () => {
    const verbs = await loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url)));
    dispatcher = createDispatcher(
      verbs,
      {
        service,
        schedules: {} as ScheduleService,
        alarms: noAlarms,
        halts: {} as HaltService,
        overview: seen(),
        past: noPast,
        exports: noExports,
      },
      "/chaos",
    );
  });
  it.each([
    ["list duration=5s", "duration", "/chaos list"],
    ["status --dry-run", "--dry-run", "/chaos status [RUN]"],
    ["show x --rate 5", "rate", "/chaos show NAME"],
  ])("%s is told so", async (text, what, usage) => {
    await expect(dispatcher.command(text, actor)).rejects.toMatchObject({
      code: "bad_parameter",
      message: expect.stringContaining(`"${what}"`),
      hint: expect.stringContaining(usage),
    });
  });
  it("reach a verb that takes them", async () => {
    await expect(dispatcher.command("run x duration=5s --dry-run", actor)).rejects.toBe(refused);
    await expect(dispatcher.command("deny 12 because rate=5", actor)).rejects.toBe(refused);
  });
  test.prop([fc.string({ maxLength: 200, unit: "grapheme" })])(
    "whatever is typed, the answer is a sentence",
    async (text) => {
      const outcome = await dispatcher.command(text, actor).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(isAftershockError(outcome)).toBe(true);
    },
  );
});
