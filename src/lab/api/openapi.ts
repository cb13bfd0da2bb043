/**
 * OpenAPI v3, as far as kubectl reads it: which kinds take `fieldValidation` on a patch (apply, create), and the
 * schemas for `kubectl explain`. Strategic merge is left out of the patch types on purpose: without it kubectl uses
 * the merge keys that are compiled into it.
 */
import type { ApiContext } from "./context.ts";
import { schemaOf } from "./decode.ts";
import { groupVersions } from "./discovery.ts";
import type { Json } from "./json.ts";
import { apiVersionOf, resources } from "./resources.ts";
import type { Resource } from "./resources.ts";

/** Where the documents are, by group version. */
export function openapiIndex(): Json {
  const paths = groupVersions().map(({ group, version }) => {
    const path = documentPath(group, version);
    return [path, { serverRelativeURL: `/openapi/v3/${path}` }] as const;
  });
  return { paths: Object.fromEntries(paths) };
}

function documentPath(group: string, version: string): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

/** The document of one group version (`api/v1`, `apis/apps/v1`), or undefined when there is no such. */
export async function openapiDocument(context: ApiContext, path: string): Promise<Json | undefined> {
  const known = groupVersions().find(({ group, version }) => documentPath(group, version) === path);
  if (known === undefined) return undefined;
  const rows = resources.filter((row) => row.group === known.group && row.version === known.version);
  const schemas = await Promise.all(rows.map((row) => componentOf(context, row)));
  const title = `Aftershock lab ${apiVersionOf(known)}`;
  return {
    openapi: "3.0.0",
    info: { title, version: "v1.32.0" },
    paths: Object.fromEntries(rows.flatMap(pathsOf)),
    components: { schemas: Object.fromEntries(schemas) },
  };
}

function componentName(row: Resource): string {
  const group = row.group === "" ? "core" : row.group;
  return `lab.${group.split(".").toReversed().join(".")}.${row.version}.${row.kind}`;
}

function groupVersionKind({ group, version, kind }: Resource): Json {
  return { group, version, kind };
}

async function componentOf(context: ApiContext, row: Resource): Promise<readonly [string, Json]> {
  const schema = await schemaOf(context, row);
  return [componentName(row), { ...schema, "x-kubernetes-group-version-kind": [groupVersionKind(row)] }];
}

function pathsOf(row: Resource): Array<readonly [string, Json]> {
  const base = row.group === "" ? `/api/${row.version}` : `/apis/${row.group}/${row.version}`;
  const place = row.scope === "Namespaced" ? "/namespaces/{namespace}" : "";
  const collection = `${base}${place}/${row.plural}`;
  const kind = { "x-kubernetes-group-version-kind": groupVersionKind(row) };
  const content = { "application/json": { schema: { $ref: `#/components/schemas/${componentName(row)}` } } };
  const responses = { "200": { description: "OK", content } };
  const read = { ...kind, "x-kubernetes-action": "get", responses };
  const write = { ...kind, parameters: writeParameters, requestBody: { content }, responses };
  const patchTypes = ["application/merge-patch+json", "application/json-patch+json"];
  const patch = {
    ...write,
    "x-kubernetes-action": "patch",
    requestBody: { content: Object.fromEntries(patchTypes.map((type) => [type, { schema: { type: "object" } }])) },
  };
  return [
    [
      collection,
      { get: { ...read, "x-kubernetes-action": "list" }, post: { ...write, "x-kubernetes-action": "post" } },
    ],
    [`${collection}/{name}`, { get: read, put: { ...write, "x-kubernetes-action": "put" }, patch, delete: read }],
  ];
}

const writeParameters = ["dryRun", "fieldManager", "fieldValidation"].map((name) => ({
  name,
  in: "query",
  schema: { type: "string", uniqueItems: true },
}));
