/**
 * How wide text comes out: advance widths of DejaVu Sans 2.37 for the characters from space to tilde, in 2,048ths of the
 * font's size (its `hmtx` table; a test reads them from the fonts again). Other characters count as an "M": too wide
 * rather than too narrow.
 */
const regular = [
  651, 821, 942, 1716, 1303, 1946, 1597, 563, 799, 799, 1024, 1716, 651, 739, 651, 690, 1303, 1303, 1303, 1303, 1303,
  1303, 1303, 1303, 1303, 1303, 690, 690, 1716, 1716, 1716, 1087, 2048, 1401, 1405, 1430, 1577, 1294, 1178, 1587, 1540,
  604, 604, 1343, 1141, 1767, 1532, 1612, 1235, 1612, 1423, 1300, 1251, 1499, 1401, 2025, 1403, 1251, 1403, 799, 690,
  799, 1716, 1024, 1024, 1255, 1300, 1126, 1300, 1260, 721, 1300, 1298, 569, 569, 1186, 569, 1995, 1298, 1253, 1300,
  1300, 842, 1067, 803, 1298, 1212, 1675, 1212, 1212, 1075, 1303, 690, 1303, 1716,
];
const bold = [
  713, 934, 1067, 1716, 1425, 2052, 1786, 627, 936, 936, 1071, 1716, 778, 850, 778, 748, 1425, 1425, 1425, 1425, 1425,
  1425, 1425, 1425, 1425, 1425, 819, 819, 1716, 1716, 1716, 1188, 2048, 1585, 1561, 1503, 1700, 1399, 1399, 1681, 1714,
  762, 762, 1587, 1305, 2038, 1714, 1741, 1501, 1741, 1577, 1475, 1397, 1663, 1585, 2259, 1579, 1483, 1485, 936, 748,
  936, 1716, 1024, 1024, 1382, 1466, 1214, 1466, 1389, 891, 1466, 1458, 702, 702, 1362, 702, 2134, 1458, 1407, 1466,
  1466, 1010, 1219, 979, 1458, 1335, 1892, 1321, 1335, 1192, 1458, 748, 1458, 1716,
];
const unitsPerEm = 2048;
const widest = 2259;

export type Weight = "normal" | "bold";

/** Width in pixels of one line of text at this font size. */
export function textWidth(text: string, fontSizePx: number, weight: Weight = "normal"): number {
  const table = weight === "bold" ? bold : regular;
  let units = 0;
  for (const letter of text) units += table[(letter.codePointAt(0) ?? 0) - 32] ?? widest;
  return (units * fontSizePx) / unitsPerEm;
}

/** The text, cut with "…" where it would be wider. */
export function fit(text: string, widthPx: number, fontSizePx: number, weight: Weight = "normal"): string {
  if (textWidth(text, fontSizePx, weight) <= widthPx) return text;
  const letters = [...text];
  while (letters.length > 0 && textWidth(`${letters.join("").trimEnd()}…`, fontSizePx, weight) > widthPx) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/**
 * The text in at most so many lines, broken at spaces into lines of about one length; the last line is cut where the rest
 * is too long.
 */
export function wrap(
  text: string,
  widthPx: number,
  fontSizePx: number,
  look: { lines: number; weight: Weight },
): string[] {
  const words = text.split(" ").filter((part) => part !== "");
  const broken = (room: number): string[] =>
    breakLines(words, look.lines, (line) => textWidth(line, fontSizePx, look.weight) <= room);
  const lines = broken(widthPx);
  const fits = (all: readonly string[], room: number): boolean =>
    all.every((line) => textWidth(line, fontSizePx, look.weight) <= room);
  let room = widthPx;
  while (lines.length > 1 && fits(broken(room - 10), room - 10) && broken(room - 10).length === lines.length)
    room -= 10;
  return broken(room).map((line) => fit(line, widthPx, fontSizePx, look.weight));
}

function breakLines(words: readonly string[], most: number, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const longer = `${last ?? ""} ${word}`;
    if (last !== undefined && (lines.length >= most || fits(longer))) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
