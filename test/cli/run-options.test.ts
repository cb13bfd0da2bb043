import { describe, expect, it } from "vitest";
import { readRunOptions } from "../../src/cli/run/options.ts";

describe("what is typed after aftershock run", () => {
  it("is the experiment, its parameters, and options with sensible defaults", () => {
    expect(readRunOptions(["redis-split-brain", "duration=30s", "note=a=b", "--yes", "--allow", "refuted"])).toEqual({
      request: { experiment: "redis-split-brain", parameters: { duration: "30s", note: "a=b" } },
      yes: true,
      dryRun: false,
      pipeline: "ci",
      allowed: ["refuted"],
      config: "aftershock.yaml",
    });
  });
  it.each([
    ["no experiment", [], /Which experiment/, /--dry-run/],
    ["a word that is no parameter", ["x", "duration"], /"duration" is no parameter/, /NAME=VALUE/],
    ["a parameter without a name", ["x", "=1"], /is no parameter/, /NAME=VALUE/],
    ["a pipeline's name that could pass for something else", ["x", "--as", "U0ALICE"], /no name of a pipeline/, /--as/],
    ["a channel's name instead of its id", ["x", "--channel", "#ops"], /no channel's id/, /C0123ABCD/],
    ["an end that must always fail", ["x", "--allow", "unverified"], /only refuted and inconclusive/, /--allow/],
    ["a typo", ["x", "--allow", "refuded"], /only refuted/, /Did you mean --allow refuted/],
  ])("with %s is refused, with the next step", (_what, args, message, hint) => {
    const read = (): unknown => readRunOptions(args);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });
  it("with an option that it does not know is refused by name", () =>
    expect(() => readRunOptions(["x", "--force"])).toThrow(/--force/));
});
