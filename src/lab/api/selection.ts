import type { LabObject } from "../objects.ts";
import type { ResourceRequest } from "./context.ts";
import { parseFieldSelector, parseTerms } from "./field-selector.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { ApiError, badRequest, qualified } from "./status.ts";

/**
 * The objects that a list, watch or deletecollection means: namespace, label selector, field selector, and the name
 * where the path has one. Throws ApiError 400 for selectors that do not parse.
 */
export function selectionOf(request: ResourceRequest): (object: LabObject) => boolean {
  const labelSelector = request.query.get("labelSelector") ?? "";
  const fieldSelector = request.query.get("fieldSelector") ?? "";
  const { resource, namespace, name } = request;
  try {
    const labels = parseLabelSelector(labelSelector);
    const selectable = ["metadata.name", "metadata.namespace", ...resource.selectableFields];
    const fields = parseFieldSelector(fieldSelector, selectable);
    return (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) &&
      (name === undefined || object.metadata.name === name) &&
      labels(object.metadata.labels ?? {}) &&
      fields(object);
  } catch (error) {
    if (!(error instanceof ApiError) || parseProblem(fieldSelector) === null) throw error;
    const asked = `that match label selector "${labelSelector}", field selector "${fieldSelector}"`;
    throw badRequest(`Unable to find "${qualifiedVersion(request)}" ${asked}: ${error.message}`);
  }
}

/** The field selector's terms when it parses as such, so that the error is about an unknown field. */
function parseProblem(fieldSelector: string): unknown {
  try {
    return fieldSelector === "" ? null : parseTerms(fieldSelector);
  } catch {
    return null;
  }
}

function qualifiedVersion({ resource }: ResourceRequest): string {
  return `${resource.group}/${resource.version}, Resource=${qualified({ group: "", plural: resource.plural })}`;
}
