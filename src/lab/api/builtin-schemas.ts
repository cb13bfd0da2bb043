/**
 * Schemas of built-in kinds, taken from the models that @kubernetes/client-node generates from Kubernetes' own
 * OpenAPI document: complete, so that strict field validation knows every real field.
 * Loaded when first needed: a model file pulls in nothing, but a Pod needs some 150 of them.
 */
import { isJson } from "./json.ts";
import type { Schema } from "./schema.ts";

interface Attribute {
  baseName: string;
  type: string;
  format: string;
}

/** Maps of quantities: the models call their values strings, the API takes numbers as well. */
const quantityMaps = new Set(["limits", "requests", "capacity", "allocatable"]);

export type SchemaLoader = (model: string) => Promise<Schema>;

/** Loads schemas and keeps them. */
export function createBuiltinSchemas(): SchemaLoader {
  const loaded = new Map<string, Promise<Schema>>();

  function load(model: string): Promise<Schema> {
    let schema = loaded.get(model);
    if (schema === undefined) {
      schema = build(model);
      loaded.set(model, schema);
    }
    return schema;
  }

  async function build(model: string): Promise<Schema> {
    const attributes = await attributesOf(model);
    const fields = attributes.map(async ({ baseName, type, format }) => {
      const schema = quantityMaps.has(baseName) ? { type: "object" as const } : await typed(type, format);
      return [baseName, schema] as const;
    });
    return { type: "object", properties: Object.fromEntries(await Promise.all(fields)) };
  }

  async function typed(type: string, format: string): Promise<Schema> {
    const listed = /^Array<(.+)>$/.exec(type);
    if (listed !== null) return { type: "array", items: await typed(listed[1]!, format) };
    const mapped = /^\{ \[key: string\]: (.+); \}$/.exec(type);
    if (mapped !== null) return { type: "object", additionalProperties: await typed(mapped[1]!, format) };
    switch (type) {
      case "string":
        return { type: "string" };
      case "boolean":
        return { type: "boolean" };
      case "number":
        return format.startsWith("int") ? { type: "integer", format } : { type: "number" };
      case "Date":
      case "V1MicroTime":
        return { type: "string", format: "date-time" };
      case "IntOrString":
        return { "x-kubernetes-int-or-string": true };
      case "any":
      case "object":
        return { "x-kubernetes-preserve-unknown-fields": true };
      default:
        return load(type);
    }
  }

  return load;
}

async function attributesOf(model: string): Promise<Attribute[]> {
  if (!/^\w+$/.test(model)) throw new Error(`not a model: ${model}`);
  const file: unknown = await import(`@kubernetes/client-node/dist/gen/models/${model}.js`);
  const type = isJson(file) ? file[model] : undefined;
  if (typeof type !== "function" || !("attributeTypeMap" in type)) throw new Error(`${model} lists no attributes`);
  return type.attributeTypeMap as Attribute[];
}
