import type { LabObject } from "../objects.ts";
import type { Json } from "./json.ts";
import type { Resource } from "./resources.ts";

/** How much of each object a table row carries: the `includeObject` parameter. */
export type Included = "Object" | "Metadata" | "None";

export interface TableOptions {
  include: Included;
  nowMs: number;
  /** `omitted`: later events of a watch repeat no columns. */
  headers: "given" | "omitted";
}

/** A meta.k8s.io/v1 Table. */
export function tableOf(
  resource: Resource,
  objects: readonly LabObject[],
  metadata: Json,
  options: TableOptions,
): Json {
  const { columns } = resource;
  const definitions = columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? "",
    description: description ?? "",
    priority,
  }));
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: options.headers === "given" ? definitions : [],
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.nowMs)),
      ...included(object, options.include),
    })),
  };
}

function included(object: LabObject, include: Included): Json {
  if (include === "None") return {};
  return { object: include === "Object" ? object : metadataOf(object) };
}

/** A meta.k8s.io/v1 PartialObjectMetadata. */
export function metadataOf(object: LabObject): Json {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
}

export function includedOf(value: string | null): Included {
  return value === "Object" || value === "None" ? value : "Metadata";
}
