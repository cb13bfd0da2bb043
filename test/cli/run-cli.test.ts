import { describe, expect, it } from "vitest";
import type { CliCommand } from "../../src/cli/cli-command.ts";
import { AftershockError } from "../../src/errors.ts";
import { parseArgs } from "node:util";
import { typed, type Said } from "../support/typed.ts";

const command = (name: string, run: CliCommand["run"]): CliCommand => ({
  name,
  summary: `does ${name}`,
  usage: `Usage: aftershock ${name} [--deep]\n`,
  run,
});
const table = {
  start: async () => command("start", async (args) => args.length),
  heal: async () =>
    command("heal", async (args) => {
      parseArgs({ args: [...args], options: { deep: { type: "boolean" } } });
      throw new AftershockError("cluster_unreachable", "The cluster does not answer.", "Check the kubeconfig.");
    }),
};

const type = (...argv: string[]): Promise<Said> => typed(table, argv);

describe("the command line", () => {
  it("starts the service without a command, with whatever options follow", async () => {
    expect((await type()).code).toBe(0);
    expect((await type("--role", "bot")).code).toBe(2);
    expect((await type("start", "--role", "bot")).code).toBe(2);
  });

  it("lists its commands, and explains one", async () => {
    expect((await type("--help")).out).toMatch(/start +does start\n +heal +does heal/);
    expect(await type("heal", "--help")).toMatchObject({ code: 0, out: expect.stringContaining("[--deep]") });
  });

  it("says what is wrong with a command that is not there, or an option", async () => {
    expect(await type("toString")).toMatchObject({ code: 2, err: expect.stringContaining('no command "toString"') });
    expect(await type("heal", "--shallow")).toMatchObject({ code: 2, err: expect.stringContaining("Usage") });
  });

  it("prints the sentence and the hint of what a person can mend, and no stack", async () => {
    const said = await type("heal");
    expect(said).toMatchObject({ code: 1, err: "The cluster does not answer.\nCheck the kubeconfig.\n" });
  });
});
