import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadExperiments, parseExperiment } from "../../src/experiment/load.ts";
import { rangeText, resolveParameters } from "../../src/experiment/parameters.ts";

const file = new URL("../../jobs/redis/split-brain.yaml", import.meta.url);
const text = readFileSync(file, "utf8");
const splitBrain = parseExperiment(text, "split-brain.yaml");

describe("the catalogue", () => {
  it("loads every experiment in jobs/", async () => {
    const experiments = await loadExperiments(new URL("../../jobs", import.meta.url).pathname);
    expect(experiments.map((experiment) => experiment.name)).toContain("redis-split-brain");
  });
});

describe("an experiment file that is wrong is refused with the place and the reason", () => {
  const refuse = (change: (text: string) => string, message: RegExp): void =>
    expect(() => parseExperiment(change(text), "x.yaml")).toThrow(message);

  it("an unknown key, with its line", () =>
    refuse((t) => t.replace("risk: high", "riks: high"), /x\.yaml:\d+: .*riks/));
  it("a wrong value, with its line", () =>
    refuse((t) => t.replace("risk: high", "risk: huge"), /x\.yaml:\d+: risk: .*"low"\|"medium"\|"high"/));
  it("broken YAML", () => refuse((t) => `${t}\n  - [`, /x\.yaml:\d+/));
  it("a duplicate key", () => refuse((t) => t.replace("risk: high", "risk: high\nrisk: low"), /x\.yaml:\d+/));
  it("a default outside its own range", () => refuse((t) => t.replace("max: 2000", "max: 50"), /rate.*outside/));
  it("a missing duration parameter", () => refuse((t) => t.replaceAll("baseline:", "warmup:"), /baseline/));
  it("a profile with a value that is not allowed", () =>
    refuse((t) => t.replace("duration: 15s\n", "duration: 1s\n"), /duration=1s is not allowed/));
  it("a fault with a parameter that is not there", () =>
    refuse((t) => t.replace("direction: both", 'direction: "${way}"'), /\$\{way\}, which is no parameter/));
  it("a value for a choice that is none", () =>
    refuse(
      (t) =>
        t.replace(
          "parameters:\n",
          "parameters:\n  side:\n    type: choice\n    description: x\n    default: a\n    choices: [a]\n    values: { b: c }\n",
        ),
      /side\.values has b/,
    ));
  it("an alias bomb", () => refuse((t) => `${t}\nx: &a [1,1]\ny: &b [*a,*a]\nz: [*b,*b]`, /x\.yaml/));
  it("a file that is too large", () => refuse((t) => t + " ".repeat(70_000), /larger than 64 KiB/));
  it("something that is no mapping", () => refuse(() => "- 1\n- 2", /x\.yaml/));
});

describe("parameters", () => {
  it("take the default, then the profile, then what was typed", () => {
    expect(resolveParameters(splitBrain, {}, undefined)["duration"]).toBe("120s");
    expect(resolveParameters(splitBrain, {}, "demo")["duration"]).toBe("15s");
    expect(resolveParameters(splitBrain, { duration: "20s", rate: "250" }, "demo")).toMatchObject({
      duration: "20s",
      rate: 250,
      baseline: "5s",
    });
  });
  it("out of range: the message names the parameter, the range and an example", () => {
    expect(() => resolveParameters(splitBrain, { rate: "9000" }, undefined)).toThrow(
      "rate=9000 is not allowed for redis-split-brain: it must be 1 to 2000 per second.",
    );
    expect(() => resolveParameters(splitBrain, { duration: "15" }, undefined)).toThrow(/5s to 15m/);
    expect(() => resolveParameters(splitBrain, { rate: "1e2" }, undefined)).toThrow(/1 to 2000/);
    expect(() => resolveParameters(splitBrain, { namespace: "a/b" }, undefined)).toThrow(/namespace/);
  });
  it("misspelt: the hint has the nearest name", () => {
    expect(() => resolveParameters(splitBrain, { duratoin: "15s" }, undefined)).toThrow(
      expect.objectContaining({ code: "bad_parameter", hint: expect.stringContaining("Did you mean duration?") }),
    );
  });
  it("an unknown profile is named with those there are", () => {
    expect(() => resolveParameters(splitBrain, {}, "nightly")).toThrow(
      expect.objectContaining({ hint: "It has: demo." }),
    );
    expect(() => resolveParameters(splitBrain, {}, "dmeo")).toThrow(
      expect.objectContaining({ hint: "Did you mean profile=demo? It has: demo." }),
    );
  });
  it("ranges in words", () => {
    expect(Object.values(splitBrain.parameters).map(rangeText)).toContain("1 to 2000 per second");
  });
});
