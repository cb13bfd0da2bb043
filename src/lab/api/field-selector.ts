import type { LabObject } from "../objects.ts";
import { isJson } from "./json.ts";
import { badRequest } from "./status.ts";

export type ObjectPredicate = (object: LabObject) => boolean;

/** One `field=value` or `field!=value` of a field selector. */
interface FieldTerm {
  field: string;
  value: string;
  negated: boolean;
}

/** Fields by which every kind can be selected. */
const common = ["metadata.name", "metadata.namespace"];

/**
 * Parses `metadata.name=a,status.phase!=Failed`. Throws ApiError 400 for a field that the kind does not offer
 * (`selectable`: those beyond name and namespace), in the API server's words. Grammar: k8s.io/apimachinery/pkg/fields.
 */
export function parseFieldSelector(selector: string, selectable: readonly string[]): ObjectPredicate {
  const terms = parseTerms(selector);
  for (const { field } of terms) {
    if (common.includes(field) || selectable.includes(field)) continue;
    if (selectable.length > 0) throw badRequest(`field label not supported: ${field}`);
    throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
  return (object) => terms.every((term) => (valueAt(object, term.field) === term.value) !== term.negated);
}

function parseTerms(selector: string): FieldTerm[] {
  return selector
    .split(/(?<!\\),/)
    .filter((part) => part !== "")
    .map((part) => {
      const found = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
      if (found === null) throw badRequest(`invalid field selector: "${selector}": can't understand '${part}'`);
      const value = found[3]!.replace(/\\([\\,=])/g, "$1");
      return { field: found[1]!.trim(), value, negated: found[2] === "!=" };
    });
}

function valueAt(object: LabObject, field: string): string {
  let found: unknown = object;
  for (const part of field.split(".")) found = isJson(found) ? found[part] : undefined;
  // Absent fields are selected as their zero value: the empty string, `false` for spec.unschedulable.
  if (found === undefined || found === null) return field === "spec.unschedulable" ? "false" : "";
  return typeof found === "string" ? found : JSON.stringify(found);
}
