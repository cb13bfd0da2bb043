/**
 * Which characters a TrueType font can draw, from its `cmap` table (OpenType specification, formats 4 and 12). A
 * character without a glyph comes out as nothing at all, so a chart's text is checked before it is drawn.
 */
export function missingGlyphs(text: string, font: Buffer): string[] {
  const has = glyphLookup(font);
  const wanted = new Set(Array.from(text).filter((letter) => letter.trim() !== ""));
  return [...wanted].filter((letter) => !has(letter.codePointAt(0) ?? 0));
}

/** The words of an SVG: what stands between its tags, with the five entities of XML and character numbers read. */
export function textOfSvg(svg: string): string {
  const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return svg
    .replaceAll(/<style[\s\S]*?<\/style>/g, "")
    .replaceAll(/<[^>]*>/g, "\n")
    .replaceAll(/&(#x?)?(\w+);/g, (_all, sign: string | undefined, name: string) =>
      sign === undefined ? (named[name] ?? "") : String.fromCodePoint(Number.parseInt(name, sign === "#x" ? 16 : 10)),
    );
}

type Has = (codePoint: number) => boolean;

function glyphLookup(font: Buffer): Has {
  const cmap = tableOffset(font, "cmap");
  const subtables = Array.from({ length: font.readUInt16BE(cmap + 2) }, (_, at) => cmap + 4 + at * 8)
    .map((record) => cmap + font.readUInt32BE(record + 4))
    .map((at) => ({ at, format: font.readUInt16BE(at) }));
  const lookups = subtables.flatMap(({ at, format }) =>
    format === 12 ? [groups(font, at)] : format === 4 ? [segments(font, at)] : [],
  );
  if (lookups.length === 0) throw new Error("the font has no character table of format 4 or 12");
  return (codePoint) => lookups.some((has) => has(codePoint));
}

function tableOffset(font: Buffer, tag: string): number {
  for (let at = 12, left = font.readUInt16BE(4); left > 0; at += 16, left -= 1) {
    if (font.toString("latin1", at, at + 4) === tag) return font.readUInt32BE(at + 8);
  }
  throw new Error(`the font has no ${tag} table`);
}

/** Format 12: sorted groups of code points. */
function groups(font: Buffer, at: number): Has {
  const starts = Array.from({ length: font.readUInt32BE(at + 12) }, (_, n) => at + 16 + n * 12);
  return (codePoint) =>
    starts.some((group) => codePoint >= font.readUInt32BE(group) && codePoint <= font.readUInt32BE(group + 4));
}

/** Format 4: segments up to U+FFFF, each with a difference, or an offset into an array of glyph numbers. */
function segments(font: Buffer, at: number): Has {
  const bytes = font.readUInt16BE(at + 6);
  const ends = at + 14;
  return (codePoint) => {
    for (let n = 0; n < bytes; n += 2) {
      if (codePoint > font.readUInt16BE(ends + n)) continue;
      const start = font.readUInt16BE(ends + bytes + 2 + n);
      if (codePoint < start) return false;
      const delta = font.readUInt16BE(ends + 2 * bytes + 2 + n);
      const offsetAt = ends + 3 * bytes + 2 + n;
      const offset = font.readUInt16BE(offsetAt);
      if (offset === 0) return ((codePoint + delta) & 0xffff) !== 0;
      return font.readUInt16BE(offsetAt + offset + (codePoint - start) * 2) !== 0;
    }
    return false;
  };
}
