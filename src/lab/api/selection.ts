import type { LabObject } from "../objects.ts";
import type { ResourceRequest } from "./context.ts";
import { parseFieldSelector } from "./field-selector.ts";
import { parseLabelSelector } from "./label-selector.ts";

/**
 * The objects that a list, watch or deletecollection means: namespace, label selector, field selector, and the name
 * where the path has one. Throws ApiError 400 for selectors that do not parse or name a field that is not selectable.
 */
export function selectionOf(request: ResourceRequest): (object: LabObject) => boolean {
  const { resource, namespace, name, query } = request;
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  const fields = parseFieldSelector(query.get("fieldSelector") ?? "", resource.selectableFields);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    labels(object.metadata.labels ?? {}) &&
    fields(object);
}
