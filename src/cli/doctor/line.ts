/** How something stands: as it should be; to be mended; works, and could be better; not seen. */
export type Status = "well" | "wrong" | "warning" | "unknown";

/** One line of the doctor's. */
export interface Line {
  status: Status;
  /** What was seen, with figures; of what is not well, what is wrong. */
  text: string;
  /** The command to type, or the place to go, that mends it; null where there is nothing to mend. */
  mend: string | null;
}

export const well = (text: string): Line => ({ status: "well", text, mend: null });
export const wrong = (text: string, mend: string): Line => ({ status: "wrong", text, mend });
export const warning = (text: string, mend: string): Line => ({ status: "warning", text, mend });
/** `mend`: how it can be seen. */
export const unknown = (text: string, mend: string | null = null): Line => ({ status: "unknown", text, mend });

/** Lines about one thing: the machine, Slack, a cluster. */
export interface Group {
  title: string;
  lines: readonly Line[];
}
