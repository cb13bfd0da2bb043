import { mkdtempSync, rmSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { cliCommands } from "../../src/cli/table.ts";
import { typed, type Said } from "../support/typed.ts";

const jobs = fileURLToPath(new URL("../../jobs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "aftershock-validate-"));
afterAll(() => rmSync(folder, { recursive: true }));
const splitBrain = readFileSync(join(jobs, "redis/split-brain.yaml"), "utf8");

const validate = (...argv: string[]): Promise<Said> => typed(cliCommands, ["validate", ...argv]);
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("aftershock validate", () => {
  it("takes the whole catalogue", async () => {
    const said = await validate(jobs);
    expect(said).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/ files, all sound\n$/) });
    expect(said.out).toContain("redis-split-brain, sound\n");
  });

  it("says everything that is wrong, with line and column", async () => {
    const path = file(
      "two.yaml",
      splitBrain.replace("risk: high", "risk: huge").replace("default: 30s", "default: 30"),
    );
    const said = await validate(path);
    expect(said.code).toBe(1);
    expect(said.err).toMatch(/two\.yaml:\d+:7: risk: /);
    expect(said.err).toMatch(/two\.yaml:\d+:14: parameters\.baseline\.default: /);
  });

  it("a spec that planning would refuse, and a name that two files have", async () => {
    const [one, two] = [file("one.yaml", splitBrain), file("same.yaml", splitBrain)];
    expect(await validate(one, two)).toMatchObject({ code: 1, err: expect.stringContaining("is taken by") });
    const spec = file("spec.yaml", splitBrain.replace("action: partition", "action: delay"));
    expect(await validate(spec)).toMatchObject({
      code: 1,
      err: expect.stringContaining("faults.0 (partition) spec.action"),
    });
  });

  it("a file that is no experiment, no YAML, or not there", async () => {
    expect(await validate(file("bytes.yaml", "name: [\n"))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/:\d+:\d+: /),
    });
    expect(await validate(join(folder, "absent.yaml"))).toMatchObject({
      code: 2,
      err: expect.stringContaining("cannot be read"),
    });
    expect(await validate()).toMatchObject({ code: 2, err: expect.stringContaining("Which file?") });
  });

  it("prints the JSON Schema", async () => {
    const said = await validate("--schema");
    expect(JSON.parse(said.out)).toEqual(JSON.parse(readFileSync(join(jobs, "experiment.schema.json"), "utf8")));
  });
});
