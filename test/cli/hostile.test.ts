import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cliCommands } from "../../src/cli/table.ts";
import { hostileText, tries } from "../support/fuzz.ts";
import { typed, type Said } from "../support/typed.ts";

const names = Object.keys(cliCommands);

/** With an empty environment: no command finds a configuration or a secret. */
const type = (argv: readonly string[]): Promise<Said> => typed(cliCommands, argv);

describe("arguments on the command line", () => {
  it("whatever they are: help, or a refusal in words with its exit code, and no stack trace", async () => {
    const word = fc.oneof(
      hostileText,
      fc.constantFrom("--config", "--role", "--help", "-h", "--", "-", "=", "--config=", "--role=worker", "--role=x"),
      fc.constantFrom(...names, "constructor", "__proto__", "toString", "help"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (argv) => {
        // A configuration that is not there, so that nothing is started.
        const { code, out, err } = await type([...argv, "--config", "/nowhere/aftershock.yaml"]);
        expect([0, 1, 2]).toContain(code);
        expect(code === 0 ? out : err).not.toBe("");
        expect(err).not.toMatch(/\n\s+at /);
      }),
      tries(150),
    );
  });
  it("every command refuses what it does not know, by exit code 2", async () => {
    for (const name of names) {
      const { code, err } = await type([name, "--no-such-option"]);
      expect({ name, code }).toEqual({ name, code: 2 });
      expect(err).not.toMatch(/\n\s+at /);
    }
  });
});
