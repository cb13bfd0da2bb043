import { isJson } from "./json.ts";
import type { Schema } from "./schema.ts";
import { below } from "./validate.ts";

export interface Pruned {
  value: unknown;
  /** Paths of the fields that the schema does not know, in the order met: `spec.foo`, `spec.containers[0].bar`. */
  unknown: string[];
}

/** A copy without the fields that the schema does not know, and with its defaults filled in. */
export function prune(schema: Schema, value: unknown, path: string): Pruned {
  const unknown: string[] = [];
  return { value: visit(schema, value, path, unknown), unknown };
}

function visit(schema: Schema, value: unknown, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, at) => visit(items, item, `${path}[${at}]`, unknown));
  }
  if (!isJson(value) || schema["x-kubernetes-preserve-unknown-fields"] === true) return value;
  const { properties, additionalProperties } = schema;
  if (properties === undefined && additionalProperties === undefined) return value;
  const kept: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(value)) {
    const known =
      properties !== undefined && Object.hasOwn(properties, field) ? properties[field] : additionalProperties;
    if (known === undefined) unknown.push(below(path, field));
    else if (inner !== null || known.nullable === true) kept[field] = visit(known, inner, below(path, field), unknown);
  }
  for (const [field, known] of Object.entries(properties ?? {})) {
    if (known.default !== undefined && kept[field] === undefined) kept[field] = structuredClone(known.default);
  }
  return kept;
}
