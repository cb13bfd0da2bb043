/** Random numbers that a seed and a name repeat: a case draws the same whichever other cases run before it. */
export interface Random {
  /** At least `least`, below `most`, a whole number. */
  between(least: number, most: number): number;
}

/** Mulberry32 (public domain) over a hash of the text (FNV-1a): enough to choose instants, nothing to do with secrets. */
export function seeded(seed: number, text: string): Random {
  let state = seed >>> 0;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { between: (least, most) => least + Math.floor(next() * (most - least)) };
}
