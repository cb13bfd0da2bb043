/**
 * An IOChaos' `path` as the source of a regular expression that JavaScript (flag `s`) and Python (`re.S`) read alike.
 * toda 0.2.4 compiles it with the Rust crate glob 0.3.0 and matches with `require_literal_separator`: a star, a question
 * mark and brackets stop at a slash, `**` is a whole component. Null, which hits every file, for no path and for one that
 * the crate cannot read: toda drops that without a word.
 */
export function pathPattern(path: unknown): string | null {
  if (typeof path !== "string" || path === "") return null;
  let source = "";
  let at = 0;
  while (at < path.length) {
    const rest = path.slice(at);
    const stars = /^\*+/.exec(rest)?.[0].length ?? 0;
    if (stars > 2) return null;
    if (stars === 2) {
      const component = /(^|\/)$/.test(path.slice(0, at)) ? /^\*\*(\/|$)/.exec(rest) : null;
      if (component === null) return null;
      at += component[0].length;
      source += at === path.length ? ".*" : "(?:.*/)?";
    } else if (stars === 1) {
      source += "[^/]*";
      at += 1;
    } else if (rest.startsWith("[")) {
      const set = /^\[(?:!([^][^\]]*)|([^!][^\]]*))\]/.exec(rest);
      if (set === null) return null;
      source += setPattern(set[1] ?? set[2] ?? "", set[1] !== undefined);
      at += set[0].length;
    } else {
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      source += character === "?" ? "[^/]" : character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
      at += character.length;
    }
  }
  return `^${source}$`;
}

/** A set's members one by one: a range that runs backwards holds nothing, where a regular expression would not compile. */
function setPattern(inside: string, except: boolean): string {
  const members: string[] = [];
  const characters = [...inside];
  for (let at = 0; at < characters.length;) {
    const [from = "", dash, to] = characters.slice(at, at + 3);
    const isRange = dash === "-" && to !== undefined;
    if (!isRange) members.push(escapeMember(from));
    else if (from <= to) members.push(`${escapeMember(from)}-${escapeMember(to)}`);
    at += isRange ? 3 : 1;
  }
  if (members.length === 0) return except ? "[^/]" : "(?!)";
  return except ? `[^/${members.join("")}]` : `(?!/)[${members.join("")}]`;
}

function escapeMember(character: string): string {
  return character.replace(/[\\\]^[&~|-]/, "\\$&");
}
