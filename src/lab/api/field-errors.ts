import type { StatusCause } from "./status.ts";

/** Field errors in the wording of k8s.io/apimachinery/pkg/util/validation/field. */
export function requiredValue(field: string, detail?: string): StatusCause {
  const message = detail === undefined ? "Required value" : `Required value: ${detail}`;
  return { reason: "FieldValueRequired", message, field };
}

export function invalidValue(field: string, value: unknown, detail: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${shown(value)}: ${detail}`, field };
}

/** `found` is the JSON type that was met; the real message shows it where other messages show the value. */
export function wrongType(field: string, found: string, expected: string): StatusCause {
  const message = `Invalid value: "${found}": ${field} in body must be of type ${expected}: "${found}"`;
  return { reason: "FieldValueTypeInvalid", message, field };
}

export function unsupportedValue(field: string, value: unknown, supported: readonly unknown[]): StatusCause {
  const message = `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(", ")}`;
  return { reason: "FieldValueNotSupported", message, field };
}

export function forbiddenValue(field: string, detail: string): StatusCause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field };
}

export function duplicateValue(field: string, value: unknown): StatusCause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${shown(value)}`, field };
}

function shown(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
