import type { LabObject } from "../objects.ts";
import type { ApiContext, ResourceRequest } from "./context.ts";
import { isJson } from "./json.ts";
import type { Json } from "./json.ts";
import { prune } from "./prune.ts";
import { apiVersionOf } from "./resources.ts";
import type { Resource } from "./resources.ts";
import type { Schema } from "./schema.ts";
import { badRequest, invalid } from "./status.ts";
import { violations } from "./validate.ts";

export interface Decoded {
  object: LabObject;
  /** What the schema does not know and the answer warns of. */
  warnings: string[];
  /** Unknown fields when the client asked for strictness: the caller refuses with them. */
  strictProblem: string | null;
}

/**
 * Makes an object of what a client sent: checks kind and version, drops unknown fields (or reports them, by the
 * `fieldValidation` parameter: Ignore, Warn, Strict; default Warn), fills in schema defaults.
 * Throws ApiError 400 for anything that is not an object of this kind.
 */
export async function decode(context: ApiContext, request: ResourceRequest, sent: unknown): Promise<Decoded> {
  const { resource } = request;
  if (!isJson(sent)) throw badRequest(cannotBeHandled(resource, "the body is not an object"));
  const typed = withType(resource, sent);
  const schema = await schemaOf(context, resource);
  const { value, unknown } = prune(schema, typed, "");
  const object = value as LabObject;
  if (!isJson(object.metadata)) object.metadata = {} as LabObject["metadata"];
  if (!("custom" in resource.schema)) refuseWrongTypes(resource, schema, object);
  else
    refuseWrongTypes(
      resource,
      { type: "object", properties: { metadata: await context.builtinSchema("V1ObjectMeta") } },
      object,
    );

  const mode = request.query.get("fieldValidation") ?? "Warn";
  const problems = unknown.map((path) => `unknown field "${path}"`);
  const strictProblem =
    mode === "Strict" && problems.length > 0 ? `strict decoding error: ${problems.join(", ")}` : null;
  return { object, warnings: mode === "Warn" ? problems : [], strictProblem };
}

/** The whole schema of a kind, with the metadata that all kinds share. */
export async function schemaOf(context: ApiContext, resource: Resource): Promise<Schema> {
  if ("model" in resource.schema) return context.builtinSchema(resource.schema.model);
  const { custom } = resource.schema;
  const metadata = await context.builtinSchema("V1ObjectMeta");
  return { ...custom, properties: { ...custom.properties, metadata } };
}

export function cannotBeHandled(resource: Resource, problem: string): string {
  return `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${problem}`;
}

function withType(resource: Resource, sent: Json): Json {
  const apiVersion = apiVersionOf(resource);
  const asked = sent["apiVersion"] ?? apiVersion;
  if (asked !== apiVersion) {
    const problem = `the API version in the data (${shown(asked)}) does not match the expected API version (${apiVersion})`;
    throw badRequest(problem);
  }
  const kind = sent["kind"] ?? resource.kind;
  if (kind !== resource.kind) {
    throw badRequest(
      `${shown(kind)} in version "${resource.version}" cannot be handled as a ${resource.kind}: the kind in the data does not match the resource`,
    );
  }
  return { ...sent, apiVersion, kind };
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Wrong JSON types in built-in fields, in the words of Go's JSON decoder. Custom fields are told with 422 later. */
function refuseWrongTypes(resource: Resource, schema: Schema, object: LabObject): void {
  const wrong = violations(schema, object, "").find((cause) => cause.reason === "FieldValueTypeInvalid");
  if (wrong === undefined) return;
  const [, found = "", expected = ""] =
    /^Invalid value: "(\w+)": .* must be of type ([\w,]+)/.exec(wrong.message) ?? [];
  const json = found === "integer" ? "number" : found === "boolean" ? "bool" : found;
  const go = { integer: "int", boolean: "bool", array: "slice", object: "struct" }[expected] ?? expected;
  const field = `${resource.kind}.${wrong.field}`;
  throw badRequest(
    cannotBeHandled(resource, `json: cannot unmarshal ${json} into Go struct field ${field} of type ${go}`),
  );
}

/** 422 for a custom object that breaks its schema. */
export function refuseViolations(resource: Resource, object: LabObject): void {
  if (!("custom" in resource.schema)) return;
  const causes = violations(resource.schema.custom, object, "");
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
}
