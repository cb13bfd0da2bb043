import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathPattern } from "../../src/lab/chaos/io-path.ts";
import { fileMatcher, globProblem } from "../../src/run/faults/io-files.ts";
import { tries } from "../support/fuzz.ts";

describe("globs as toda reads them", () => {
  it.each<[string, string[], string[]]>([
    ["/data/*", ["/data/a", "/data/.a"], ["/data/a/b", "/data"]],
    ["/data/**/*", ["/data/a", "/data/a/b/c"], ["/other/a"]],
    ["/data/**", ["/data/a", "/data/a/b"], ["/database"]],
    ["**", ["/a", "/a/b"], []],
    ["**/pg_wal/**", ["/data/pg_wal/1", "/pg_wal/x/y"], ["/data/not_pg_wal/1", "/data/pg_wal"]],
    ["**/*_fsm", ["/data/base/5/1259_fsm"], ["/data/base/5/1259"]],
    ["/data/?", ["/data/a"], ["/data/ab", "/data//"]],
    ["/data/[a-c]x", ["/data/bx"], ["/data/dx", "/data//x"]],
    ["/data/[!a-c]x", ["/data/dx"], ["/data/bx", "/data//x"]],
    ["/data/[]]", ["/data/]"], ["/data/a"]],
    ["/data/[c-a]", [], ["/data/b"]],
    ["/data/{a,b}", ["/data/{a,b}"], ["/data/a"]],
    ["/data/a*/b", ["/data/ax/b"], ["/data/ax/y/b"]],
  ])("%s", (glob, hit, missed) => {
    expect(globProblem(glob)).toBeNull();
    expect([...hit, ...missed].filter(fileMatcher(glob))).toEqual(hit);
  });

  it.each([
    ["/data/pg_wal**", /alone between slashes/],
    ["/data/**.x", /alone between slashes/],
    ["/data/***", /three stars/],
    ["/data/[ab", /bracket/],
    ["/data/[!]", /bracket/],
    ["/data/[]", /bracket/],
  ])("%s cannot be read, and would hit every file", (glob, why) => {
    expect(globProblem(glob)).toMatch(why);
    expect(pathPattern(glob)).toBeNull();
  });

  it("and the lab reads them alike, whatever they are made of", () => {
    const made = (characters: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...characters), maxLength });
    fc.assert(
      fc.property(made("/ab*?[]!-.{}\\^&", 9), made("/ab.-]", 7), (glob, rest) => {
        const pattern = pathPattern(glob);
        expect(pattern === null).toBe(glob === "" || globProblem(glob) !== null);
        if (pattern === null) return;
        expect(fileMatcher(glob)(`/${rest}`)).toBe(new RegExp(pattern, "s").test(`/${rest}`));
      }),
      tries(2000),
    );
  });

  it("a glob of many stars takes no long time", () => {
    expect(fileMatcher(`/${"*a".repeat(60)}`)(`/${"a".repeat(4000)}b`)).toBe(false);
  });
});
