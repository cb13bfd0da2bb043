import { fileURLToPath } from "node:url";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { loadExperiments } from "../../../src/experiment/load.ts";
import { createDispatcher } from "../../../src/slack/dispatch.ts";
import { errorMessage } from "../../../src/slack/errors.ts";
import { loadVerbs } from "../../../src/slack/load-verbs.ts";
import { isAftershockError } from "../../../src/errors.ts";
import { hostileText, poison } from "./hostile.ts";
import { wrongWith } from "./said.ts";
import { samples } from "./samples.ts";
import { hostileServices, lines } from "./verbs.ts";

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const verbs = await loadVerbs(root("commands"));
const experiments = [...(await loadExperiments(root("jobs")))];
const actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };

describe("the table of verbs", () => {
  it("has every verb (add yours to test/slack/property/verbs.ts)", () => {
    expect(verbs.map((verb) => verb.name).filter((name) => lines[name] === undefined)).toEqual([]);
    expect(Object.keys(lines).filter((name) => !verbs.some((verb) => verb.name === name))).toEqual([]);
  });
});

describe.each(Object.keys(lines))("/chaos %s", (name) => {
  test.prop([hostileText, fc.nat(40)], { numRuns: 10 })(
    "answers within Slack's limits, whatever is typed",
    async (text, at) => {
      const given = { text, ...poison(samples, text) };
      const services = hostileServices(given, at, poison(experiments.slice(0, 2), text));
      const dispatcher = createDispatcher(verbs, services, "/chaos");
      for (const line of lines[name]?.(text) ?? []) {
        const said = await dispatcher.command(line, actor).catch((error: unknown) => {
          // What was not foreseen is a bug, not an answer.
          if (!isAftershockError(error)) throw error;
          return errorMessage(error, () => undefined);
        });
        expect(wrongWith(said)).toEqual([]);
      }
    },
  );
  it("answers within Slack's limits with the real catalogue", async () => {
    const dispatcher = createDispatcher(verbs, hostileServices({ text: "a", ...samples }, 0, experiments), "/chaos");
    for (const line of lines[name]?.("a") ?? []) {
      const said = await dispatcher
        .command(line, actor)
        .catch((error: unknown) => errorMessage(error, () => undefined));
      expect(wrongWith(said)).toEqual([]);
    }
  });
});
