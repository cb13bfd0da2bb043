import type { LabObject } from "../../objects.ts";
import { forbiddenValue, invalidValue, requiredValue } from "../field-errors.ts";
import type { StatusCause } from "../status.ts";

// Wording of k8s.io/apimachinery/pkg/util/validation.
const subdomainHelp =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelHelp =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const valueHelp =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const keyHelp =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const keyName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/**
 * What a kind's names must be: DNS labels (services, namespaces), what can be in a path (roles and their bindings,
 * `system:discovery`), or subdomains (everything else).
 */
export type NameRule = "label" | "subdomain" | "path";

/** The checks of metadata that every kind passes. */
export function metadataViolations(object: LabObject, rule: NameRule): StatusCause[] {
  const { name, labels } = object.metadata;
  if (name === "") return [requiredValue("metadata.name", "name or generateName is required")];
  const causes: StatusCause[] = [];
  const field = "metadata.name";
  const limit = rule === "label" ? 63 : 253;
  if (name.length > limit) causes.push(invalidValue(field, name, `must be no more than ${limit} characters`));
  if (rule === "path") {
    if (/[/%]|^\.\.?$/.test(name))
      causes.push(invalidValue(field, name, "may not be '.' or '..', or contain '/' or '%'"));
  } else if (!(rule === "label" ? label : subdomain).test(name)) {
    causes.push(invalidValue(field, name, rule === "label" ? labelHelp : subdomainHelp));
  }
  for (const [key, value] of Object.entries(labels ?? {})) causes.push(...labelViolations(key, value));
  return causes;
}

function labelViolations(key: string, value: string): StatusCause[] {
  const field = "metadata.labels";
  const causes: StatusCause[] = [];
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0]! : "x";
  if (parts.length > 2 || !keyName.test(name) || name.length > 63 || !subdomain.test(prefix)) {
    causes.push(invalidValue(field, key, keyHelp));
  }
  if (value.length > 63) causes.push(invalidValue(field, value, "must be no more than 63 characters"));
  if (!labelValue.test(value)) causes.push(invalidValue(field, value, valueHelp));
  return causes;
}

/** An object on its way out takes no new finalizers. */
export function finalizerViolations(before: LabObject, after: LabObject): StatusCause[] {
  if (before.metadata.deletionTimestamp === undefined) return [];
  const added = (after.metadata.finalizers ?? []).filter((f) => !(before.metadata.finalizers ?? []).includes(f));
  if (added.length === 0) return [];
  const found = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(", ")}}`;
  const problem = `no new finalizers can be added if the object is being deleted, found new finalizers ${found}`;
  return [forbiddenValue("metadata.finalizers", problem)];
}
