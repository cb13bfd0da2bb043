import { expect } from "vitest";
import type { Line } from "../../src/cli/doctor/line.ts";

/** Lines as `STATUS: TEXT`. */
export const said = (lines: Line | readonly Line[]): string[] =>
  [lines].flat().map(({ status, text }) => `${status}: ${text}`);

/** Whatever is not well says how it is mended or seen. */
export const mended = (lines: Line | readonly Line[]): Line[] => {
  const all = [lines].flat();
  for (const { status, mend, text } of all)
    if (status === "wrong" || status === "warning") expect(mend, text).toBeTruthy();
  return all;
};
