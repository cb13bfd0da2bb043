/** The part of OpenAPI's schema language that Kubernetes' structural schemas and our checks use. */
export interface Schema {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  required?: readonly string[];
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
  default?: unknown;
  nullable?: boolean;
  "x-kubernetes-int-or-string"?: true;
  "x-kubernetes-preserve-unknown-fields"?: true;
}

/** Short constructors, so that schema data reads as an outline of the object. */
export const string: Schema = { type: "string" };
export const integer: Schema = { type: "integer" };
export const int64: Schema = { type: "integer", format: "int64" };
export const int32: Schema = { type: "integer", format: "int32" };

export function oneOf(...values: string[]): Schema {
  return { type: "string", enum: values };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

export function mapOf(additionalProperties: Schema): Schema {
  return { type: "object", additionalProperties };
}

/** An object; names ending in `!` are required. */
export function object(fields: Record<string, Schema>): Schema {
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const [field, schema] of Object.entries(fields)) {
    const name = field.replace(/!$/, "");
    properties[name] = schema;
    if (name !== field) required.push(name);
  }
  return { type: "object", properties, ...(required.length === 0 ? {} : { required }) };
}

export function described(description: string, schema: Schema): Schema {
  return { ...schema, description };
}
