import * as models from "@kubernetes/client-node";

/** One model of the client: what its OpenAPI says of a kind's fields (Kubernetes 1.34's, in client-node 2.0). */
interface Model {
  getAttributeTypeMap(): Array<{ baseName: string; type: string }>;
}

const byName = models as unknown as Readonly<Record<string, Model | undefined>>;
/** Kinds whose model is not named after the kind and its version. */
const versions = ["V1", "V2"];
const plain: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  any: () => true,
  object: () => true,
  IntOrString: (value) => typeof value === "string" || typeof value === "number",
  Date: (value) => typeof value === "string",
};

/**
 * What Kubernetes' own schemas do not know in an object: fields that there are not (as `kubectl apply` with strict
 * validation refuses them) and values of another type. The models tell neither which fields are required nor which values
 * an enumeration has. Empty: nothing.
 */
export function schemaProblems(object: unknown): string[] {
  const { kind = "", apiVersion = "" } = (object ?? {}) as { kind?: string; apiVersion?: string };
  const version = apiVersion.split("/").at(-1)?.toUpperCase() ?? "";
  const type = versions.includes(version) ? `${version}${kind}` : "";
  if (byName[type]?.getAttributeTypeMap === undefined) return [`${apiVersion} ${kind}: no schema`];
  return problemsOf(object, type, kind);
}

function problemsOf(value: unknown, type: string, path: string): string[] {
  if (value === null || value === undefined) return [];
  const list = /^Array<(.*)>$/.exec(type)?.[1] ?? /^Set<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return [`${path}: must be a list`];
    return value.flatMap((item, at) => problemsOf(item, list, `${path}[${at}]`));
  }
  const map = /^\{ \[key: string\]: (.*?);? ?\}$/.exec(type)?.[1];
  if (map !== undefined) {
    if (typeof value !== "object" || Array.isArray(value)) return [`${path}: must be a map`];
    return Object.entries(value).flatMap(([key, item]) => problemsOf(item, map, `${path}.${key}`));
  }
  const primitive = plain[type];
  if (primitive !== undefined) return primitive(value) ? [] : [`${path}: must be ${type}, is ${typeof value}`];
  const model = byName[type];
  if (model?.getAttributeTypeMap === undefined) return [`${path}: no schema for ${type}`];
  if (typeof value !== "object" || Array.isArray(value)) return [`${path}: must be an object`];
  const fields = new Map(model.getAttributeTypeMap().map(({ baseName, type: own }) => [baseName, own]));
  return Object.entries(value).flatMap(([key, item]) => {
    const own = fields.get(key);
    return own === undefined ? [`${path}.${key}: no such field`] : problemsOf(item, own, `${path}.${key}`);
  });
}
