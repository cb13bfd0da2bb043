import { readPage } from "./blocks.ts";

export interface DocumentedCommand {
  /** `docs/policy.md:12` */
  where: string;
  /** `/chaos …`, `aftershock …` or `npm …`, without its environment and its explanation; of a shell line all of it. */
  text: string;
  /** `shell`: another program's line, or one that hands the output of ours on. */
  kind: "chaos" | "aftershock" | "npm" | "shell";
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
const ours = ["/chaos", "aftershock", "npm"];
const others =
  "kubectl helm docker node psql createdb createuser pg_dump pg_restore redis-cli curl openssl sha256sum jq python3 git tar " +
  "tsx cp mkdir cat printf echo export umask cd sed";
/** What is set for one line: `NAME=value `, or `NAME=$(what a command prints) `. */
const environment = /^(?:[A-Z_]+=(?:\$\([^)]*\)|\S)* )+/;
const startsCommand = new RegExp(`^(?:npx )?(?:${[...ours, ...others.split(" ")].join("|")})(?=\\s|$)`);
/** In a sentence the name of a command, such as `kubectl exec`, is no line to type; one with something behind it is. */
const commandInSentence =
  /^(?:\/chaos|npx aftershock|aftershock|npm run|npx tsx) |^(?:kubectl|helm|docker|psql|redis-cli|curl|jq) \S+ \S/;
/** What a program says before the command that it recommends. */
const recommendation = new RegExp(`^[A-Z][^:\`]*: (?=(?:npx )?(?:${[...ours, "kubectl", "helm"].join("|")}) \\S)`);

/** Every command of a page, in order, with the reader's words put in. */
export function commandsOf(file: string, markdown: string): DocumentedCommand[] {
  const { blocks, inline } = readPage(markdown);
  const found: Array<DocumentedCommand & { line: number }> = [];
  const add = (line: number, raw: string, notRun: string | null): void => {
    for (const part of split(raw)) found.push({ line, where: `${file}:${line}`, ...asTyped(part), notRun });
  };
  for (const block of blocks) {
    if (block.info === "yaml" || block.info === "json" || block.info === "python" || block.info === "sql") continue;
    for (const [at, line] of joined(block.text)) add(block.line + 1 + at, line, block.notRun);
  }
  for (const { line, text } of inline) if (commandInSentence.test(text)) add(line, text, null);
  return found
    .toSorted((a, b) => a.line - b.line)
    .map(({ where, text, kind, notRun }) => ({ where, text, kind, notRun }));
}

/** Lines of blocks marked `sh` that no command is found in: every one of those is for the reader to type. */
export function unreadLines(file: string, markdown: string): string[] {
  return readPage(markdown)
    .blocks.filter(({ info }) => info === "sh")
    .flatMap(({ line, text }) =>
      joined(text)
        .filter(([, typed]) => !/^\s*(?:#|$)/.test(typed) && split(typed).length === 0)
        .map(([at, typed]) => `${file}:${line + 1 + at}: ${typed}`),
    );
}

/** Lines with their number; one that ends in a backslash goes on in the next. */
function joined(text: string): Array<[number, string]> {
  const lines: Array<[number, string]> = [];
  let carried = "";
  let begun = 0;
  for (const [at, line] of text.split("\n").entries()) {
    if (carried === "") begun = at;
    const rest = carried === "" ? line : line.trimStart();
    if (line.endsWith("\\")) carried += `${rest.slice(0, -1).trimEnd()} `;
    else {
      lines.push([begun, carried + rest]);
      carried = "";
    }
  }
  return lines;
}

/** The commands of a line: several stand three spaces apart, an explanation two or behind a `#`. */
function split(line: string): string[] {
  return line
    .split(/ {2,}| && |(?<=\S) +#.*$|; (?=\/chaos)/)
    .map((part) => part.trim().replace(/^\$ /, "").replace(recommendation, ""))
    .filter((part) => startsCommand.test(part.replace(environment, "")));
}

function asTyped(part: string): Pick<DocumentedCommand, "text" | "kind"> {
  const bare = part.replace(environment, "").replace(/^npx /, "");
  const kind = kindOf(bare);
  if (kind === "shell") return { text: part, kind };
  return { text: placeholders.reduce((text, [from, to]) => text.replace(from, to), bare).trim(), kind };
}

function kindOf(text: string): DocumentedCommand["kind"] {
  if (text.startsWith("/chaos")) return "chaos";
  if (/ [|>] /.test(text)) return "shell";
  if (/^aftershock\b/.test(text)) return "aftershock";
  return /^npm\b/.test(text) ? "npm" : "shell";
}
