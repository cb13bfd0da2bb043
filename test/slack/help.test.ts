import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { parseCommandLine } from "../../src/slack/command-line.ts";
import { groupVerbs } from "../../src/slack/help/groups.ts";
import { topics } from "../../src/slack/help/topics.ts";
import type { MessageContent } from "../../src/slack/limits.ts";
import { loadVerbs } from "../../src/slack/load-verbs.ts";
import type { Verb } from "../../src/slack/verb.ts";
import { helpOverview, helpPage } from "../../src/slack/views/help.ts";

let verbs: Verb[];
let experiments: readonly Experiment[];
beforeAll(async () => {
  const root = (folder: string): string => fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  [verbs, experiments] = await Promise.all([loadVerbs(root("commands")), loadExperiments(root("jobs"))]);
});

const words = ({ blocks }: MessageContent): string => JSON.stringify(blocks);
const called = (name: string): Verb | undefined =>
  verbs.find((verb) => verb.name === name || verb.aliases?.includes(name) === true);

/** What of an example could not be typed: the command, an option, the name of an experiment. */
function wrongExamples(examples: readonly string[]): string[] {
  return examples.flatMap((example) => {
    const line = parseCommandLine(example);
    const verb = line.verb === "" ? called("home") : called(line.verb);
    if (verb === undefined) return [`${example}: no such command`];
    const options = Object.keys(line.options).filter(
      (name) => verb.options !== "any" && verb.options?.includes(name) !== true,
    );
    const flags = line.flags.filter((flag) => verb.options !== "any" && verb.flags?.includes(flag) !== true);
    const about = ["run", "show", "policy", "schedule"].includes(verb.name) ? line.words[0] : undefined;
    const isKnown = about === undefined || experiments.some(({ name }) => name === about);
    return [
      ...options.map((name) => `${example}: ${name} is not taken`),
      ...flags.map((flag) => `${example}: --${flag} is not taken`),
      ...(isKnown ? [] : [`${example}: no experiment ${about}`]),
    ];
  });
}

describe("help", () => {
  it("names every command once, and is short", () => {
    const overview = helpOverview(verbs, topics, "/chaos");
    const named = groupVerbs(verbs).flatMap((group) => group.verbs.map(({ name }) => name));
    expect(named.toSorted()).toEqual(
      verbs.flatMap(({ name }) => (name === "home" || name === "help" ? [] : [name])).toSorted(),
    );
    for (const name of named) expect(words(overview)).toContain(`\`${name}\``);
    const [first] = overview.blocks;
    const text = first?.type === "section" ? (first.text?.text ?? "") : "";
    expect(text.split("\n").length).toBeLessThanOrEqual(10);
    expect(text.length).toBeLessThan(900);
    expect(overview.blocks).toHaveLength(3);
  });
  it("leaves no command out that belongs to no group", () => {
    const stray: Verb = {
      name: "stray",
      usage: "",
      summary: "s",
      examples: [],
      run: () => Promise.reject(new Error("never run")),
    };
    expect(groupVerbs([...verbs, stray]).at(-1)).toMatchObject({ title: "More", verbs: [{ name: "stray" }] });
    expect(groupVerbs([])).toEqual([]);
  });
  it("has for every command and topic examples that can be typed", () => {
    expect(verbs.flatMap(({ examples }) => wrongExamples(examples))).toEqual([]);
    expect(topics.flatMap(({ examples }) => wrongExamples(examples))).toEqual([]);
    for (const { name, examples, verb } of topics)
      expect({ name, has: examples.length > 0 || verb !== undefined }).toEqual({ name, has: true });
  });
  it.each([
    ["rnu redis-split-brain", /no such command/],
    ["run redis-splitbrain", /no experiment/],
    ["status --dry-run", /not taken/],
    ["list system=redis", /not taken/],
  ])("would find the example %s wrong", (example, why) => expect(wrongExamples([example]).join()).toMatch(why));
  it("has topics with names of their own, each short", () => {
    const names = topics.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const topic of topics) {
      expect(topic.lines.join("\n").length).toBeLessThan(800);
      expect(topic.title.length).toBeLessThanOrEqual(40);
    }
  });
  it("shows a topic and the command of its name together", () => {
    const topic = topics.find(({ name }) => name === "halt");
    const page = helpPage({ topic, verb: called("halt") }, "/chaos");
    expect(words(page)).toMatch(
      /Stopping everything[\s\S]*\/chaos halt \[reason\][\s\S]*For example[\s\S]*customers see errors/,
    );
  });
});
