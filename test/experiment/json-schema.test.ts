import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { experimentJsonSchema } from "../../src/experiment/experiment-json-schema.ts";
import { parseExperiment } from "../../src/experiment/load.ts";

const jobs = fileURLToPath(new URL("../../jobs", import.meta.url));
const written: Record<string, unknown> = JSON.parse(readFileSync(join(jobs, "experiment.schema.json"), "utf8"));
const files = readdirSync(jobs, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
const check = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(written);
const splitBrain = readFileSync(join(jobs, "redis/split-brain.yaml"), "utf8");

describe("the JSON Schema of experiments", () => {
  it("is what the code says (npm run schema writes it)", () =>
    expect(written).toEqual(JSON.parse(JSON.stringify(experimentJsonSchema()))));

  it.each(files)("takes %s, which names it for editors", (file) => {
    const text = readFileSync(join(jobs, file), "utf8");
    expect(check(parse(text)), JSON.stringify(check.errors)).toBe(true);
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=../experiment.schema.json");
  });

  it("says what every key is for", () => {
    const silent: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== "object" || node === null) return;
      for (const [key, inner] of Object.entries(node)) {
        if (key === "properties") {
          for (const [name, property] of Object.entries(inner as Record<string, { description?: string }>)) {
            if ((property.description ?? "").length < 10) silent.push(`${path}.${name}`);
          }
        }
        walk(inner, `${path}/${key}`);
      }
    };
    walk(written, "");
    expect(silent).toEqual([]);
  });
});

describe("a wrong file fails in an editor as in the loader", () => {
  it.each<[string, (text: string) => string]>([
    ["an unknown key", (text) => text.replace("risk: high", "riks: high")],
    ["a wrong choice", (text) => text.replace("risk: high", "risk: huge")],
    ["a duration without a unit", (text) => text.replace("default: 120s", "default: 120")],
    ["a name with capitals", (text) => text.replace("name: redis-split-brain", "name: RedisSplitBrain")],
    ["a kind that is not there", (text) => text.replace("kind: NetworkChaos", "kind: TimeChaos")],
    ["a fault that hits nobody", (text) => text.replace("subject: [master]", "subject: []")],
    ["a fault without a spec", (text) => text.replace(/ {4}spec:[\s\S]*$/, "")],
    ["a bound that is a text", (text) => text.replace("bounds: { min: 1 }", 'bounds: { min: "1" }')],
    ["a parameter of no type", (text) => text.replace("type: integer", "type: float")],
    [
      "a parameter without a description",
      (text) => text.replace("    description: How long the partition lasts\n", ""),
    ],
    ["a hypothesis of a page", (text) => text.replace("hypothesis: >-", `hypothesis: ${"long ".repeat(100)}\nx: >-`)],
    ["a missing hypothesis", (text) => text.replace(/hypothesis: >-\n(?: {2}.*\n)+/, "")],
  ])("%s", (_what, change) => {
    const text = change(splitBrain);
    expect(text).not.toBe(splitBrain);
    expect(check(parse(text))).toBe(false);
    expect(() => parseExperiment(text, "x.yaml")).toThrow(/x\.yaml:\d+/);
  });
});
