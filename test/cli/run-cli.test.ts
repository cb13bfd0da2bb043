import { describe, expect, it } from "vitest";
import type { CliCommand } from "../../src/cli/cli-command.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { AftershockError } from "../../src/errors.ts";
import { parseArgs } from "node:util";

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

async function typed(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const terminal = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    env: {},
  };
  return { code: await runCli(table, argv, terminal), ...said };
}

describe("the command line", () => {
  it("starts the service without a command, with whatever options follow", async () => {
    expect((await typed()).code).toBe(0);
    expect((await typed("--role", "bot")).code).toBe(2);
    expect((await typed("start", "--role", "bot")).code).toBe(2);
  });

  it("lists its commands, and explains one", async () => {
    expect((await typed("--help")).out).toMatch(/start +does start\n +heal +does heal/);
    expect(await typed("heal", "--help")).toMatchObject({ code: 0, out: expect.stringContaining("[--deep]") });
  });

  it("says what is wrong with a command that is not there, or an option", async () => {
    expect(await typed("toString")).toMatchObject({ code: 2, err: expect.stringContaining('no command "toString"') });
    expect(await typed("heal", "--shallow")).toMatchObject({ code: 2, err: expect.stringContaining("Usage") });
  });

  it("prints the sentence and the hint of what a person can mend, and no stack", async () => {
    const said = await typed("heal");
    expect(said).toMatchObject({ code: 1, err: "The cluster does not answer.\nCheck the kubeconfig.\n" });
  });
});
