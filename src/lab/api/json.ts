/** A JSON object. */
export type Json = Record<string, unknown>;

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at a field, or an empty one. */
export function child(value: unknown, field: string): Json {
  const found = isJson(value) ? value[field] : undefined;
  return isJson(found) ? found : {};
}

/** The list of objects at a field, or an empty one. */
export function children(value: unknown, field: string): Json[] {
  const found = isJson(value) ? value[field] : undefined;
  return Array.isArray(found) ? found.filter(isJson) : [];
}

/** The string at a field, or an empty one. */
export function text(value: unknown, field: string): string {
  const found = isJson(value) ? value[field] : undefined;
  return typeof found === "string" ? found : "";
}

/** The number at a field, or zero. */
export function count(value: unknown, field: string): number {
  const found = isJson(value) ? value[field] : undefined;
  return typeof found === "number" ? found : 0;
}

/** The strings in a list at a field, or an empty list. */
export function strings(value: unknown, field: string): string[] {
  const found = isJson(value) ? value[field] : undefined;
  return Array.isArray(found) ? found.filter((item) => typeof item === "string") : [];
}
