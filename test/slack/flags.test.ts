import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/slack/command-line.ts";
import { loadVerbs } from "../../src/slack/load-verbs.ts";

describe("every flag that a verb says it takes", () => {
  it("is understood without a value", async () => {
    const verbs = await loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url)));
    const flags = verbs.flatMap((verb) => (verb.flags ?? []).map((flag) => [verb.name, flag] as const));
    expect(flags.map(([, flag]) => flag)).toEqual(expect.arrayContaining(["dry-run", "yes"]));
    for (const [verb, flag] of flags) expect(parseCommandLine(`${verb} x --${flag}`).flags).toEqual([flag]);
  });
});
