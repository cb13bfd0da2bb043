/** A fenced block of a Markdown page; one that belongs to a list's item is read without its indentation. */
export interface Block {
  /** Line of its opening fence, from 1. */
  line: number;
  /** The word behind the fence: `yaml`, `json`, `sh` or nothing. */
  info: string;
  text: string;
  /** Why it cannot be run here, from a comment `<!-- not run: … -->` before it; null where it can. */
  notRun: string | null;
}

export interface Inline {
  line: number;
  text: string;
}

/** The fenced blocks of a page, and the code within its sentences. Throws for a fence that is not closed. */
export function readPage(markdown: string): { blocks: Block[]; inline: Inline[] } {
  const blocks: Block[] = [];
  const inline: Inline[] = [];
  let open: (Block & { lines: string[]; indent: string }) | null = null;
  let notRun: string | null = null;
  for (const [at, text] of markdown.split("\n").entries()) {
    const fence = /^( *)```(\w*)/.exec(text);
    if (open !== null) {
      if (fence === null) open.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
      else {
        blocks.push({ line: open.line, info: open.info, text: open.lines.join("\n"), notRun: open.notRun });
        [open, notRun] = [null, null];
      }
      continue;
    }
    if (fence !== null)
      open = { line: at + 1, info: fence[2] ?? "", text: "", notRun, lines: [], indent: fence[1] ?? "" };
    else if (text.trim() !== "") notRun = /^<!-- not run: (.+) -->$/.exec(text.trim())?.[1] ?? null;
    for (const [, code = ""] of fence === null ? text.matchAll(/`([^`]+)`/g) : [])
      inline.push({ line: at + 1, text: code });
  }
  if (open !== null) throw new Error(`the fence of line ${open.line} is not closed`);
  return { blocks, inline };
}

/** The experiments that a page gives in whole, by their names. */
export function experimentsIn(markdown: string): Array<{ name: string; text: string }> {
  return readPage(markdown).blocks.flatMap(({ info, text }) => {
    const name = /^name: ([a-z][a-z0-9-]*)$/m.exec(text)?.[1];
    return info === "yaml" && name !== undefined && /^hypothesis:/m.test(text) ? [{ name, text }] : [];
  });
}

/**
 * The files that a page has its reader write: YAML blocks behind a line that names the file in backticks and ends in a
 * colon, such as "Save it as `values.yaml`:".
 */
export function filesIn(markdown: string): Array<{ name: string; text: string }> {
  const lines = markdown.split("\n");
  return readPage(markdown).blocks.flatMap(({ line, info, text }) => {
    const before = lines.slice(0, line - 1).findLast((earlier) => !/^\s*(?:$|<!--)/.test(earlier)) ?? "";
    const name = /`([\w.-]+\.yaml)`[^`]*:$/.exec(before.trimEnd())?.[1];
    return info === "yaml" && name !== undefined ? [{ name, text: `${text}\n` }] : [];
  });
}
