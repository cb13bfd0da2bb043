import { LineCounter, Parser, isAlias, isScalar, parseDocument, visit, type CST, type Document } from "yaml";

/** A place in a file; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** What a file says, or why it is not taken; `place` is null where it is the file as a whole. */
export type PlainYaml =
  | { ok: true; value: unknown; placeOf(path: readonly PropertyKey[]): Place }
  | { ok: false; place: Place | null; why: string };

/** A page of text nests six deep. Far below what would exhaust the stack of a parser that calls itself. */
const deepest = 64;

/** A parser's message may quote what is wrong, however long it is. */
const longestReason = 200;

/** The tags of YAML's core schema. Others make sets, bytes or dates of what looks like a map or a text. */
const coreTags: ReadonlySet<string> = new Set(
  ["map", "seq", "str", "int", "float", "bool", "null"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Characters that no text of ours needs and PostgreSQL or a terminal trips over. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/**
 * Reads YAML 1.2 of the plain kind: maps, lists and scalars, in one document. What only a hostile or mistaken file has
 * is refused with its line: aliases (of no use in a page of text, and a bomb in a hostile one), tags of applications,
 * deep nesting, keys that are no texts, `__proto__`, and control characters, also such as an escape makes. Pure; never
 * throws for what the text holds.
 */
export function readPlainYaml(text: string, maxBytes: number): PlainYaml {
  if (Buffer.byteLength(text) > maxBytes) return { ok: false, place: null, why: `larger than ${maxBytes / 1024} KiB` };
  const lines = new LineCounter();
  const refuse = (offset: number | undefined, why: string): PlainYaml => ({
    ok: false,
    place: offset === undefined ? null : placeAt(lines, offset),
    why,
  });
  // Looked at before anything is composed: the composer calls itself, and a regular expression that is compiled on the
  // last of the stack ends the whole process.
  const deep = firstDeep(text);
  if (deep !== undefined) return { ok: false, place: null, why: `nested more than ${deepest} deep` };
  // Without the parser's pretty errors, each of which looks at the whole text again.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // A tag that the core schema does not know is only a warning to the parser, and its value would be a guess.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const several = problem.code === "MULTIPLE_DOCS";
    return refuse(problem.pos[0], several ? "it holds several documents" : problem.message.slice(0, longestReason));
  }
  const stranger = firstStranger(document);
  if (stranger !== undefined) return refuse(stranger.offset, stranger.why);
  return { ok: true, value: document.toJS(), placeOf: (path) => placeIn(document, lines, path) };
}

/**
 * The text of a file. Undefined for bytes that are no UTF-8: replaced by marks, they would be other names than those
 * that were written.
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A collection nested too deep, by the syntax alone, which is read without recursion. */
function firstDeep(text: string): CST.Token | undefined {
  const open: Array<{ token: CST.Token; depth: number }> = [];
  const push = (token: CST.Token | null | undefined, depth: number): void => {
    if (token !== null && token !== undefined) open.push({ token, depth });
  };
  for (const token of new Parser().parse(text)) push(token, 0);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > deepest) return token;
    if (token.type === "document") push(token.value, depth);
    if (!("items" in token)) continue;
    for (const item of token.items) {
      push(item.key, depth + 1);
      push(item.value, depth + 1);
    }
  }
  return undefined;
}

function firstStranger(document: Document): { offset: number | undefined; why: string } | undefined {
  let found: { offset: number | undefined; why: string } | undefined;
  const stop = (node: unknown, why: string): symbol => {
    const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
    found = { offset: Array.isArray(range) ? Number(range[0]) : undefined, why };
    return visit.BREAK;
  };
  visit(document, {
    Alias: (_key, node) => stop(node, `aliases are not taken here (*${node.source})`),
    Pair: (_key, { key }) => {
      if (isAlias(key)) return stop(key, "aliases are not taken here");
      if (!isScalar(key) || typeof key.value !== "string") return stop(key, "a key must be a text");
      return key.value === "__proto__" ? stop(key, "__proto__ is no key") : undefined;
    },
    Value: (_key, node) => {
      if (node.tag !== undefined && !coreTags.has(node.tag)) return stop(node, `the tag ${node.tag} is not taken here`);
      if (!isScalar(node)) return undefined;
      if (typeof node.value !== "string" || isStorable(node.value)) return undefined;
      return stop(node, "a control character is in a text");
    },
  });
  return found;
}

/** True for text that can be stored and shown: no control characters but tab and line ends, no half of a pair. */
export function isStorable(text: string): boolean {
  // Encoding replaces a lone surrogate, so that what comes back is another text.
  return !control.test(text) && Buffer.from(text, "utf8").toString("utf8") === text;
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col: column } = lines.linePos(offset);
  return { line, column };
}

/** Where the node at a path stands, or the nearest that holds it. */
function placeIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Place {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
      return placeAt(lines, Number(node.range[0]));
    }
  }
  return { line: 1, column: 1 };
}
