import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { configSchema } from "../../src/config/schema.ts";
import { parseExperiment } from "../../src/experiment/load.ts";
import { experimentSchema } from "../../src/experiment/schema.ts";
import { readPlainYaml } from "../../src/experiment/plain-yaml.ts";
import { readPage } from "./blocks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(`${root}docs`).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];
/** Parts of a configuration: what a page leaves out may be left out, what it has must be right. */
const partOfConfig = z.strictObject(configSchema.shape).partial();
const partOfExperiment = z.strictObject(experimentSchema.shape).partial();

/** What is wrong with a YAML or JSON block of a page; null when nothing is. */
function wrongFile(info: string, text: string): string | null {
  if (info === "json") {
    try {
      JSON.parse(text);
      return null;
    } catch (error) {
      return String(error);
    }
  }
  const yaml = readPlainYaml(text, 65_536);
  if (!yaml.ok) return `line ${yaml.place?.line}: ${yaml.why}`;
  const { value } = yaml;
  if (typeof value !== "object" || value === null || "apiVersion" in value || "jobs" in value) return null;
  if ("hypothesis" in value) {
    try {
      parseExperiment(text, "example.yaml");
      return null;
    } catch (error) {
      return String(error);
    }
  }
  const parsed = ("stopConditions" in value ? partOfExperiment : partOfConfig).safeParse(value);
  return parsed.success ? null : z.prettifyError(parsed.error);
}

/** Links of a page to files of ours that are not there. */
function deadLinks(page: string, markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, to = ""]) => to)
    .filter((to) => !/^https?:/.test(to) && !existsSync(join(root, dirname(page), to)));
}

describe.each(pages)("%s", (page) => {
  const markdown = readFileSync(root + page, "utf8");
  it("has files in it that load", () => {
    const { blocks } = readPage(markdown);
    const files = blocks.filter(({ info, notRun }) => (info === "yaml" || info === "json") && notRun === null);
    expect(
      files.flatMap(({ line, info, text }) => wrongFile(info, text)?.replace(/^/, `line ${line}: `) ?? []),
    ).toEqual([]);
  });
  it("links only to what is there", () => expect(deadLinks(page, markdown)).toEqual([]));
});

describe("a wrong file in a page is found", () => {
  it.each([
    ["a key that no configuration has", "yaml", "policys: {}", /policys/],
    ["an experiment with a wrong key", "yaml", "name: a\nhypothesis: b\nriks: low", /riks/],
    ["broken YAML", "yaml", "a: [", /line/],
    ["broken JSON", "json", "{", /JSON/],
  ])("%s", (_what, info, text, message) => expect(wrongFile(info, text)).toMatch(message));
  it("a link to nothing", () =>
    expect(deadLinks("docs/x.md", "[a](absent.md) [b](audit.md#x)")).toEqual(["absent.md"]));
});
