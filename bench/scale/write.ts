import { readFileSync, writeFileSync } from "node:fs";
import { loadText } from "./cost.ts";
import type { Figure } from "./figures.ts";

/**
 * Puts a text between the two marker comments of a page that name it (`<!-- NAME: written by … -->` and
 * `<!-- NAME: end -->`). Throws when they are not both there, in order.
 */
export function putBetween(file: string, name: string, text: string): void {
  const page = readFileSync(file, "utf8");
  const begin = new RegExp(`<!-- ${name}: written by [^>]* -->\n`).exec(page);
  const to = page.indexOf(`<!-- ${name}: end -->`);
  if (begin === null || to < begin.index) throw new Error(`${file} has no place for "${name}"`);
  writeFileSync(file, `${page.slice(0, begin.index + begin[0].length)}\n${text}\n\n${page.slice(to)}`);
}

/** Says lines as they come, and keeps them for a page. */
export function sayer(): { say(line: string): void; write(file: string | undefined, name: string): void } {
  const lines: string[] = [`# ${loadText()}`];
  return {
    say: (line) => {
      lines.push(...line.split("\n"));
      console.log(line);
    },
    write: (file, name) => {
      if (file !== undefined) putBetween(file, name, ["```text", ...lines, "```"].join("\n"));
    },
  };
}

export function figureTable(figures: readonly Figure[]): string {
  return [
    "| what | measured | machine |",
    "| --- | --- | --- |",
    ...figures.map(({ what, value, load }) => `| ${what} | ${value} | ${load} |`),
  ].join("\n");
}
