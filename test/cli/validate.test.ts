import { mkdtempSync, rmSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { cliCommands } from "../../src/cli/table.ts";

const jobs = fileURLToPath(new URL("../../jobs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "aftershock-validate-"));
afterAll(() => rmSync(folder, { recursive: true }));
const splitBrain = readFileSync(join(jobs, "redis/split-brain.yaml"), "utf8");

async function typed(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const terminal = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    env: {},
  };
  return { code: await runCli(cliCommands, ["validate", ...argv], terminal), ...said };
}
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("aftershock validate", () => {
  it("takes the whole catalogue", async () => {
    const said = await typed(jobs);
    expect(said).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/ files, all sound\n$/) });
    expect(said.out).toContain("redis-split-brain, sound\n");
  });

  it("says everything that is wrong, with line and column", async () => {
    const path = file(
      "two.yaml",
      splitBrain.replace("risk: high", "risk: huge").replace("default: 30s", "default: 30"),
    );
    const said = await typed(path);
    expect(said.code).toBe(1);
    expect(said.err).toMatch(/two\.yaml:\d+:7: risk: /);
    expect(said.err).toMatch(/two\.yaml:\d+:14: parameters\.baseline\.default: /);
  });

  it("a spec that planning would refuse, and a name that two files have", async () => {
    const [one, two] = [file("one.yaml", splitBrain), file("same.yaml", splitBrain)];
    expect(await typed(one, two)).toMatchObject({ code: 1, err: expect.stringContaining("is taken by") });
    const spec = file("spec.yaml", splitBrain.replace("action: partition", "action: delay"));
    expect(await typed(spec)).toMatchObject({
      code: 1,
      err: expect.stringContaining("faults.0 (partition) spec.action"),
    });
  });

  it("a file that is no experiment, no YAML, or not there", async () => {
    expect(await typed(file("bytes.yaml", "name: [\n"))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/:\d+:\d+: /),
    });
    expect(await typed(join(folder, "absent.yaml"))).toMatchObject({
      code: 2,
      err: expect.stringContaining("cannot be read"),
    });
    expect(await typed()).toMatchObject({ code: 2, err: expect.stringContaining("Which file?") });
  });

  it("prints the JSON Schema", async () => {
    const said = await typed("--schema");
    expect(JSON.parse(said.out)).toEqual(JSON.parse(readFileSync(join(jobs, "experiment.schema.json"), "utf8")));
  });
});
