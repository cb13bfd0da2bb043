import { describe, expect, it } from "vitest";
import { insertable, insertParameters, referredParameters } from "../../src/experiment/insert-parameters.ts";
import type { Experiment } from "../../src/experiment/schema.ts";

const inserts = { delay: "100ms", percent: 25, volume: "/data", files: "pg_wal/**" };

describe("parameters in a fault's spec", () => {
  it("keep their type where they are the whole text, and join in where they are a part", () => {
    const spec = {
      delay: "${delay}",
      percent: "${percent}",
      path: "${volume}/${files}",
      methods: ["write", "${delay}"],
    };
    expect(insertParameters(spec, inserts)).toEqual({
      delay: "100ms",
      percent: 25,
      path: "/data/pg_wal/**",
      methods: ["write", "100ms"],
    });
  });
  it("are not looked for in what was inserted", () => {
    expect(insertParameters("a ${delay}", { delay: "${percent}", percent: 1 })).toBe("a ${percent}");
  });
  it("leave everything else as it is", () => {
    const spec = { mode: "all", value: 3, flag: true, nothing: null, other: "$delay {delay} ${Delay}" };
    expect(insertParameters(spec, inserts)).toEqual(spec);
  });
  it("are what a choice stands for, and the choice itself where nothing is listed", () => {
    const files = {
      type: "choice" as const,
      description: "",
      default: "all",
      choices: ["all", "wal"],
      values: { wal: "pg_wal/**" },
    };
    const experiment = { parameters: { files } } as unknown as Experiment;
    expect(insertable(experiment, { files: "wal" })).toEqual({ files: "pg_wal/**" });
    expect(insertable(experiment, { files: "all" })).toEqual({ files: "all" });
  });
  it("are found at any depth", () => {
    expect(referredParameters([{ spec: { a: ["${delay}", { b: "x${percent}" }] } }])).toEqual(["delay", "percent"]);
  });
});
