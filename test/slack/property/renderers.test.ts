import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { content, escapeText, section } from "../../../src/slack/limits.ts";
import { hostileText, poison } from "./hostile.ts";
import { renderers } from "./renderers.ts";
import { wrongWith } from "./said.ts";
import { samples } from "./samples.ts";

const slackFolder = fileURLToPath(new URL("../../../src/slack", import.meta.url));

/** Files of src/slack/views that export a function, and those functions. */
async function exportedRenderers(): Promise<Map<string, string[]>> {
  const files = readdirSync(join(slackFolder, "views"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join("views", file));
  const found = new Map<string, string[]>();
  for (const file of files) {
    const module = (await import(pathToFileURL(join(slackFolder, file)).href)) as Record<string, unknown>;
    const functions = Object.entries(module).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
    if (functions.length > 0) found.set(relative(".", file).split(sep).join("/"), functions.toSorted());
  }
  return found;
}

/** Missing in the table, as sentences. */
function uncovered(found: ReadonlyMap<string, readonly string[]>): string[] {
  return [...found].flatMap(([file, names]) =>
    names.filter((name) => renderers[file]?.[name] === undefined).map((name) => `${file} exports ${name}`),
  );
}

describe("the table of renderers", () => {
  it("has every function that src/slack/views exports (add yours to test/slack/property/renderers.ts)", async () => {
    const found = await exportedRenderers();
    expect(found.size).toBeGreaterThan(10);
    expect(uncovered(found)).toEqual([]);
    const gone = Object.entries(renderers).flatMap(([file, entries]) =>
      file.startsWith("views/") ? Object.keys(entries).filter((name) => !found.get(file)?.includes(name)) : [],
    );
    expect(gone).toEqual([]);
  });
  it("would be found incomplete by this check", () => {
    expect(
      uncovered(
        new Map([
          ["views/card.ts", ["renderCard", "renderNew"]],
          ["views/new.ts", ["renderHalt"]],
        ]),
      ),
    ).toEqual(["views/card.ts exports renderNew", "views/new.ts exports renderHalt"]);
  });
});

const shown = Object.entries(renderers).flatMap(([file, entries]) =>
  Object.entries(entries).flatMap(([name, entry]) => (entry === "helps others" ? [] : [{ file, name, entry }])),
);

describe.each(shown)("$file $name", ({ entry }) => {
  test.prop([hostileText], { numRuns: 10 })("fits every limit of Slack's and breaks nothing", (text) => {
    expect(wrongWith(entry({ text, ...poison(samples, text) }))).toEqual([]);
  });
  it("fits with what is usual", () => {
    expect(wrongWith(entry({ text: "usual", ...samples }))).toEqual([]);
  });
});

describe("the check", () => {
  it.each([
    ["what was not escaped", content("x", [section("a <!channel> b")]), "fault_broadcast"],
    ["what was not cut", { text: "x".repeat(4001), blocks: [] }, "msg_too_long"],
    ["an open fence", content("```", [section("a")]), "fault_open_fence"],
    ["an empty text", { text: "", blocks: [] }, "no_text"],
  ])("finds %s", (_what, said, error) => expect(wrongWith(said).map((each) => each.error)).toContain(error));
  it("finds nothing in what is escaped", () => expect(wrongWith(escapeText("```<!channel>&\u202e"))).toEqual([]));
});
