import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cliCommands } from "../../src/cli/table.ts";
import { typed } from "../support/typed.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scripts = (JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: Record<string, string> })
  .scripts;
/** Words that need nothing but files and may be run as they stand. */
const harmless: ReadonlySet<string> = new Set(["validate"]);
/** npm's own words. */
const ofNpm: ReadonlySet<string> = new Set(["install", "ci"]);

/** What is wrong with `aftershock WORD …` as a page has it, run where it can be; null when nothing is. */
export async function wrongAftershock(
  text: string,
  sandbox: string,
): Promise<{ problem: string | null; ran: boolean }> {
  const args = text
    .split(/\s+/)
    .slice(1)
    .map((word) => (existsSync(join(sandbox, word)) ? join(sandbox, word) : word));
  const [word = "start"] = args;
  if (args.includes("--help") || harmless.has(word)) {
    const { code, err } = await typed(cliCommands, args);
    return { problem: code === 0 ? null : `ends with ${code}: ${err.slice(0, 300)}`, ran: true };
  }
  if (!word.startsWith("-") && !Object.hasOwn(cliCommands, word)) {
    return { problem: `there is no command ${word}`, ran: false };
  }
  const usage = (await cliCommands[word.startsWith("-") ? "start" : word]?.())?.usage ?? "";
  const strange = optionsIn(args).find((option) => !usage.includes(option));
  return { problem: strange === undefined ? null : `${word} takes no ${strange}`, ran: false };
}

/** What is wrong with `npm …` as a page has it: no such script, or an option that the script's file does not know. */
export function wrongNpm(text: string): string | null {
  const [, verb = "", name = "", ...rest] = text.split(/\s+/);
  if (ofNpm.has(verb)) return null;
  const script = verb === "run" ? name : verb;
  const line = scripts[script];
  if (line === undefined) return `package.json has no script ${script}`;
  // A shell script hands its options on to the program that it starts.
  const files = filesIn(line).flatMap((file) => {
    const source = readFileSync(root + file, "utf8");
    return [
      source,
      ...filesIn(source).flatMap((inner) => (existsSync(root + inner) ? [readFileSync(root + inner, "utf8")] : [])),
    ];
  });
  const strange = optionsIn(verb === "run" ? rest : [name, ...rest]).find(
    (option) => !files.some((source) => source.includes(option.slice(2))),
  );
  return strange === undefined ? null : `${script} takes no ${strange}`;
}

const filesIn = (text: string): string[] => [...text.matchAll(/[\w./-]+\.(?:ts|sh|mjs)\b/g)].map(([file]) => file);

const optionsIn = (args: readonly string[]): string[] =>
  args.flatMap((arg) => /^--[a-z][a-z-]*/.exec(arg)?.[0] ?? []).filter((option) => option !== "--help");
