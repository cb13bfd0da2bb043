import type { LabObject } from "../../objects.ts";
import { ageSince } from "../age.ts";

/** A column of `kubectl get`. */
export interface Column {
  name: string;
  type: "string" | "integer" | "date";
  /** `name` marks the object's name. */
  format?: "name";
  description?: string;
  /** 0: always shown; 1: with `-o wide`. */
  priority: 0 | 1;
  cell: (object: LabObject, nowMs: number) => string | number | null;
}

export type Cell = Column["cell"];

export function column(name: string, cell: Cell, type: Column["type"] = "string"): Column {
  return { name, type, priority: 0, cell };
}

/** A column of `-o wide`. */
export function wide(name: string, cell: Cell, type: Column["type"] = "string"): Column {
  return { name, type, priority: 1, cell };
}

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  priority: 0,
  cell: (object) => object.metadata.name,
};

export const ageColumn: Column = column("Age", (object, nowMs) => ageSince(object.metadata.creationTimestamp, nowMs));

/** Kubectl's own way to say that there is nothing. */
export function orNone(text: string): string {
  return text === "" ? "<none>" : text;
}
