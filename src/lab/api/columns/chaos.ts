import { text } from "../json.ts";
import { ageColumn, column, nameColumn } from "./column.ts";
import type { Column } from "./column.ts";

/** As the CRDs' additional printer columns, with the age that they leave out. */
export const chaosColumns: Column[] = [
  nameColumn,
  column("Action", (chaos) => text(chaos.spec, "action") || null),
  column("Duration", (chaos) => text(chaos.spec, "duration") || null),
  ageColumn,
];

/** Of kinds that say nothing about themselves. */
export const plainColumns: Column[] = [nameColumn, ageColumn];
