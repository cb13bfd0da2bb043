import { AftershockError } from "../../errors.ts";

/** How many rows a table of a backup must have. */
export interface TableBounds {
  /** `table` or `schema.table`. */
  table: string;
  least: number;
  /** Null: any number. */
  most: number | null;
}

/**
 * Reads `users:1..,orders:1..100000,products:5`: at least 1, 1 to 100,000, exactly 5. Throws AftershockError
 * `bad_parameter` for a bound that cannot hold.
 */
export function readTableBounds(text: string): TableBounds[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const found = /^([\w.]+):(\d+)(\.\.(\d*))?$/.exec(part);
      const least = Number(found?.[2] ?? Number.NaN);
      const most = found?.[3] === undefined ? least : found[4] === "" ? null : Number(found[4]);
      if (found?.[1] === undefined || (most !== null && !(most >= least))) {
        throw new AftershockError(
          "bad_parameter",
          `tables: "${part}" bounds nothing.`,
          "Write tables=users:1..,orders:1..100000 (at least 1; 1 to 100,000).",
        );
      }
      return { table: found[1], least, most };
    });
}

/** A table's name in SQL; the experiment file allows letters, digits and underscores only. */
export const quotedTable = (table: string): string =>
  table
    .split(".")
    .map((part) => `"${part}"`)
    .join(".");

/** `1 or more`, `1 to 100`, `exactly 5`. */
export function boundsText({ least, most }: TableBounds): string {
  if (most === null) return `${least} or more`;
  return most === least ? `exactly ${least}` : `${least} to ${most}`;
}
