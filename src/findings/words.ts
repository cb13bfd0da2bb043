/** Figures as people read them: `1,203`. */
export function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 write`, `1,203 writes`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** A share: `46.7 %`; `0 %` of nothing. Small shares keep two significant digits. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return "0 %";
  const share = (100 * part) / whole;
  return `${share < 0.1 ? share.toPrecision(2) : share.toFixed(1)} %`;
}

/** Milliseconds as seconds: `4.00 s`. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`;
}

/** The same for a time that may not have been seen. */
export function secondsOrUnseen(durationMs: number | null): string {
  return durationMs === null ? "an unobserved time" : seconds(durationMs);
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Words as a sentence: a capital first, a full stop last. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** `812 B`, `24 kB`, `2.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
