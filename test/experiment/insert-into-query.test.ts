import { describe, expect, it } from "vitest";
import { insertIntoQuery } from "../../src/experiment/insert-into-query.ts";
import type { Experiment } from "../../src/experiment/schema.ts";

const parameters: Experiment["parameters"] = {
  name: { type: "text", description: "", default: "a", pattern: "^.*$" },
  bound: { type: "integer", description: "", default: 1, min: 0, max: 9 },
  window: { type: "duration", description: "", default: "1m", min: "1s", max: "1h" },
};
const insert = (query: string, name: string) =>
  insertIntoQuery(query, { parameters }, { name, bound: 7, window: "30s" });

describe("a parameter in a PromQL query", () => {
  it("is inserted in quotes, and numbers and durations anywhere", () => {
    expect(insert('rate(up{ns="${name}"}[${window}]) + ${bound}', "cache")).toBe('rate(up{ns="cache"}[30s]) + 7');
  });
  it("cannot end the string that it stands in", () => {
    expect(insert('up{ns="${name}"}', '"} or vector(0) #')).toBe('up{ns="\\"} or vector(0) #"}');
    expect(insert("up{ns='${name}'}", "'} or vector(0)")).toBe("up{ns='\\'} or vector(0)'}");
    expect(insert('up{ns="${name}"}', "a\\")).toBe('up{ns="a\\\\"}');
    expect(insert('up{ns="${name}"}', "a\nb")).toBe('up{ns="a\\nb"}');
  });
  it("is literal in a regular expression", () => {
    expect(insert('up{ns=~"${name}-[0-9]"}', ".*")).toBe('up{ns=~"\\\\.\\\\*-[0-9]"}');
  });
  it.each(["up * ${name}", "up{ns=`${name}`}", "up # ${name}", "up{${name}}", "${unknown}", 'up{ns="${unknown}"}'])(
    "is refused where it could be PromQL, or is none: %s",
    (query) => {
      expect(() => insert(query, "1")).toThrow(/cannot take/);
    },
  );
});
