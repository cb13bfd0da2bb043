import { invalidValue, requiredValue, unsupportedValue, wrongType } from "./field-errors.ts";
import { isJson } from "./json.ts";
import type { Schema } from "./schema.ts";
import type { StatusCause } from "./status.ts";

/** What a value may not be by its schema, in the words of the API server's validation of custom resources. */
export function violations(schema: Schema, value: unknown, path: string): StatusCause[] {
  if (value === null && schema.nullable === true) return [];
  const found = typeOf(value);
  if (schema["x-kubernetes-int-or-string"] === true) {
    return found === "string" || found === "integer" ? [] : [wrongType(path, found, "integer,string")];
  }
  if (schema.type === undefined) return [];
  const fits = found === schema.type || (schema.type === "number" && found === "integer");
  if (!fits) return [wrongType(path, found, schema.type)];
  if (isJson(value)) return objectViolations(schema, value, path);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.flatMap((item, index) => violations(items, item, `${path}[${index}]`));
  }
  return scalarViolations(schema, value, path);
}

function objectViolations(schema: Schema, value: Record<string, unknown>, path: string): StatusCause[] {
  const missing = (schema.required ?? []).filter((field) => value[field] === undefined);
  const causes = missing.map((field) => requiredValue(below(path, field)));
  for (const [field, inner] of Object.entries(value)) {
    const own = schema.properties?.[field];
    if (own !== undefined) causes.push(...violations(own, inner, below(path, field)));
    else if (schema.additionalProperties !== undefined) {
      causes.push(...violations(schema.additionalProperties, inner, below(path, field)));
    }
  }
  return causes;
}

function scalarViolations(schema: Schema, value: unknown, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    causes.push(unsupportedValue(path, value, schema.enum));
  }
  if (typeof value === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    causes.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  }
  if (typeof value === "number" && schema.minimum !== undefined && value < schema.minimum) {
    causes.push(invalidValue(path, value, `${path} in body should be greater than or equal to ${schema.minimum}`));
  }
  if (typeof value === "number" && schema.maximum !== undefined && value > schema.maximum) {
    causes.push(invalidValue(path, value, `${path} in body should be less than or equal to ${schema.maximum}`));
  }
  return causes;
}

/** JSON's name of a value's type, with whole numbers as `integer`. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** `spec` + `mode` -> `spec.mode`; at the top just the field. */
export function below(path: string, field: string): string {
  return path === "" ? field : `${path}.${field}`;
}
