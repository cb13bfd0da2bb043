import { readPage } from "./blocks.ts";

export interface DocumentedCommand {
  /** `docs/policy.md:12` */
  where: string;
  /** `/chaos …`, `aftershock …`, `npm …` or another program, without its environment and its explanation. */
  text: string;
  kind: "chaos" | "aftershock" | "npm" | "other";
  /** Why it is not run here; null where it is. */
  notRun: string | null;
}

/** What stands for a word of the reader's own, and what the test types for it. */
const placeholders: ReadonlyArray<readonly [RegExp, string]> = [
  [/\[[^\]]*\]/g, ""],
  [/\bRUN\b/g, "run-1"],
  [/\bNAME\b/g, "redis-split-brain"],
  [/\bTEXT\b/g, "text"],
  [/ …/g, ""],
];
const startsCommand =
  /^(?:[A-Z_]+=\S* )*(?:npx |\$ )?(\/chaos|aftershock|npm|node|kubectl|helm|docker|psql|pg_dump|pg_restore|curl|sha256sum|cp|export)\b/;

/** Every command of a page, in order, with the reader's words put in. */
export function commandsOf(file: string, markdown: string): DocumentedCommand[] {
  const { blocks, inline } = readPage(markdown);
  const found: Array<DocumentedCommand & { line: number }> = [];
  const add = (line: number, raw: string, notRun: string | null): void => {
    for (const text of split(raw)) found.push({ line, where: `${file}:${line}`, text, kind: kindOf(text), notRun });
  };
  for (const block of blocks) {
    if (block.info === "yaml" || block.info === "json" || block.info === "python") continue;
    for (const [at, line] of joined(block.text)) add(block.line + 1 + at, line, block.notRun);
  }
  for (const { line, text } of inline)
    if (/^(\/chaos|npx aftershock|aftershock|npm run) /.test(text)) add(line, text, null);
  return found
    .toSorted((a, b) => a.line - b.line)
    .map(({ where, text, kind, notRun }) => ({ where, text, kind, notRun }));
}

/** Lines with their number; one that ends in a backslash goes on in the next. */
function joined(text: string): Array<[number, string]> {
  const lines: Array<[number, string]> = [];
  let carried = "";
  let begun = 0;
  for (const [at, line] of text.split("\n").entries()) {
    if (carried === "") begun = at;
    if (line.endsWith("\\")) carried += `${line.slice(0, -1)} `;
    else {
      lines.push([begun, carried + line]);
      carried = "";
    }
  }
  return lines;
}

/** The commands of a line: several stand three spaces apart, an explanation two or behind a `#`. */
function split(line: string): string[] {
  return line
    .split(/ {2,}| && |(?<=\S) +#.*$|; (?=\/chaos)/)
    .map((part) => part.trim())
    .filter((part) => startsCommand.test(part))
    .map((part) => {
      const bare = part
        .replace(/^\$ /, "")
        .replace(/^(?:[A-Z_]+=\S* )+/, "")
        .replace(/^npx /, "");
      return placeholders.reduce((text, [from, to]) => text.replace(from, to), bare).trim();
    });
}

function kindOf(text: string): DocumentedCommand["kind"] {
  if (text.startsWith("/chaos")) return "chaos";
  if (text.startsWith("aftershock")) return "aftershock";
  return text.startsWith("npm") ? "npm" : "other";
}
