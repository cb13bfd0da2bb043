import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findResource } from "../../../src/lab/api/resources.ts";
import type { Schema } from "../../../src/lab/api/schema.ts";

/** Chaos Mesh's own CRDs, where they are at hand (they are not part of this repository). */
const folder = process.env["CHAOS_MESH_CRDS"] ?? join(import.meta.dirname, "../../../../shared/chaos-mesh-crds");

const compared = ["type", "required", "enum", "minimum", "maximum", "pattern", "default", "nullable"] as const;

const orNothing = (names: readonly string[]) => (names.length === 0 ? undefined : names.toSorted());

/** Paths of a schema with what is said there, descriptions and formats left out. */
function outline(schema: Schema, path: string, facts: Map<string, string>): Map<string, string> {
  const said = compared.map((word) => {
    const value = schema[word];
    // The order of enums is part of the error message, that of required fields is not.
    return [word, word === "required" && Array.isArray(value) ? orNothing(value as string[]) : value];
  });
  facts.set(path, JSON.stringify(Object.fromEntries(said)));
  for (const [field, inner] of Object.entries(schema.properties ?? {})) outline(inner, `${path}.${field}`, facts);
  if (schema.items !== undefined) outline(schema.items, `${path}[]`, facts);
  if (schema.additionalProperties !== undefined) outline(schema.additionalProperties, `${path}{}`, facts);
  return facts;
}

function ours(plural: string): Schema {
  const source = findResource("chaos-mesh.org", "v1alpha1", plural)?.schema;
  if (source === undefined || !("custom" in source)) throw new Error(`no schema of ${plural}`);
  return source.custom;
}

describe.skipIf(!existsSync(folder))("our schemas say what the CRDs of Chaos Mesh say", () => {
  it.each(["podchaos", "networkchaos", "iochaos", "podnetworkchaos"])("%s", (plural) => {
    const crd = parse(readFileSync(join(folder, `${plural}.yaml`), "utf8")) as {
      spec: {
        names: Record<string, string>;
        versions: [{ name: string; subresources?: object; schema: { openAPIV3Schema: Schema } }];
      };
    };
    const [version] = crd.spec.versions;
    const theirs = outline(version.schema.openAPIV3Schema, "", new Map());
    expect(Object.fromEntries(outline(ours(plural), "", new Map()))).toEqual(Object.fromEntries(theirs));
    const row = findResource("chaos-mesh.org", version.name, plural);
    expect(row?.kind).toBe(crd.spec.names["kind"]);
    expect(row?.subresources).toEqual(Object.keys(version.subresources ?? {}));
  });
});
