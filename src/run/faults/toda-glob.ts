/**
 * Globs as toda reads them, the injector behind IOChaos: version 0.2.4 with the Rust crate `glob` 0.3.0, matched with
 * `require_literal_separator` (toda's src/injector/filter.rs). Other glob libraries differ in ways that decide which
 * files are hit: here `*`, `?` and brackets stop at a slash, `**` must be a whole component, braces mean nothing.
 */
export type GlobToken =
  | { type: "character"; character: string }
  | { type: "any" }
  | { type: "star" }
  /** `**`, with the slash after it. */
  | { type: "globstar" }
  /** Ranges are pairs of code points, both included. */
  | { type: "set"; except: boolean; ranges: ReadonlyArray<readonly [number, number]> };

export type ParsedGlob = { tokens: readonly GlobToken[] } | { problem: string };

/** Reads a glob, or says why toda could not: it then drops the filter without a word, and every file is hit. */
export function parseGlob(glob: string): ParsedGlob {
  const characters = [...glob];
  const tokens: GlobToken[] = [];
  let at = 0;
  while (at < characters.length) {
    const character = characters[at] ?? "";
    if (character === "*") {
      const stars = runOfStars(characters, at);
      if (stars > 2) return { problem: "three stars in a row" };
      if (stars === 1) tokens.push({ type: "star" });
      else {
        const after = characters[at + 2];
        const standsAlone = (at === 0 || characters[at - 1] === "/") && (after === undefined || after === "/");
        if (!standsAlone) return { problem: "** must stand alone between slashes" };
        if (tokens.at(-1)?.type !== "globstar") tokens.push({ type: "globstar" });
        if (after === "/") at += 1;
      }
      at += stars;
    } else if (character === "[") {
      const set = readSet(characters, at);
      if (set === null) return { problem: "a bracket is not closed" };
      tokens.push(set.token);
      at = set.end;
    } else {
      tokens.push(character === "?" ? { type: "any" } : { type: "character", character });
      at += 1;
    }
  }
  return { tokens };
}

function runOfStars(characters: readonly string[], from: number): number {
  let end = from;
  while (characters[end] === "*") end += 1;
  return end - from;
}

/** `[abc]`, `[a-z]`, `[!abc]`; the first character after `[` or `[!` belongs to the set, even if it is `]`. */
function readSet(characters: readonly string[], from: number): { token: GlobToken; end: number } | null {
  const except = characters[from + 1] === "!";
  const first = from + (except ? 2 : 1);
  const close = characters.indexOf("]", first + 1);
  if (close === -1) return null;
  const inside = characters.slice(first, close);
  const ranges: Array<[number, number]> = [];
  for (let at = 0; at < inside.length;) {
    const isRange = inside[at + 1] === "-" && at + 2 < inside.length;
    ranges.push([codeOf(inside[at]), codeOf(inside[isRange ? at + 2 : at])]);
    at += isRange ? 3 : 1;
  }
  return { token: { type: "set", except, ranges }, end: close + 1 };
}

/**
 * Whether a parsed glob names a file, by its absolute path. Follows all places in the glob at once, so that no glob
 * takes longer than its length times the path's.
 */
export function matchesGlob(tokens: readonly GlobToken[], file: string): boolean {
  let places = withEmpty(tokens, [0]);
  /** Globstars that have begun to take characters: what follows one then waits for a slash. */
  let open = new Set<number>();
  for (const character of file) {
    const next = new Set<number>();
    const nextOpen = new Set<number>();
    for (const place of new Set([...places, ...open])) {
      const token = tokens[place];
      if (token?.type === "globstar") {
        nextOpen.add(place);
        if (character === "/" || place === tokens.length - 1) next.add(place + 1);
      } else if (token?.type === "star") {
        if (character !== "/") next.add(place);
      } else if (token !== undefined && takes(token, character)) {
        next.add(place + 1);
      }
    }
    places = withEmpty(tokens, next);
    open = nextOpen;
  }
  return places.has(tokens.length);
}

/** With the places behind stars, which may stand for nothing. */
function withEmpty(tokens: readonly GlobToken[], from: Iterable<number>): Set<number> {
  const places = new Set(from);
  // A set is walked in the order of adding, what is added meanwhile included.
  for (const place of places) {
    const type = tokens[place]?.type;
    if (type === "star" || type === "globstar") places.add(place + 1);
  }
  return places;
}

function takes(token: GlobToken, character: string): boolean {
  if (token.type === "character") return token.character === character;
  if (character === "/") return false;
  if (token.type !== "set") return true;
  const code = codeOf(character);
  return token.ranges.some(([first, last]) => code >= first && code <= last) !== token.except;
}

function codeOf(character = ""): number {
  return character.codePointAt(0) ?? -1;
}
