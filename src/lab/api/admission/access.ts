/** Defaults and checks of roles and bindings (pkg/apis/rbac/v1/defaults.go and rbac/validation of Kubernetes). */
import { isDeepStrictEqual } from "node:util";
import type { LabObject } from "../../objects.ts";
import { invalidValue, requiredValue, unsupportedValue } from "../field-errors.ts";
import { child, children, isJson, strings, text } from "../json.ts";
import type { StatusCause } from "../status.ts";
import type { Admission } from "./admission.ts";

const group = "rbac.authorization.k8s.io";

export const roleAdmission: Admission = {
  validateCreate: ruleViolations,
  validateUpdate: (_before, after) => ruleViolations(after),
};

function ruleViolations(role: LabObject): StatusCause[] {
  const namespaced = role.kind === "Role";
  return children(role, "rules").flatMap((rule, index) => {
    const at = `rules[${index}]`;
    if (strings(rule, "verbs").length === 0) {
      return [requiredValue(`${at}.verbs`, "verbs must contain at least one value")];
    }
    const urls = strings(rule, "nonResourceURLs");
    if (urls.length > 0) {
      const mixed = strings(rule, "apiGroups").length > 0 || strings(rule, "resources").length > 0;
      if (namespaced) {
        return [invalidValue(`${at}.nonResourceURLs`, urls, "namespaced rules cannot apply to non-resource URLs")];
      }
      const problem = "rules cannot apply to both regular resources and non-resource URLs";
      return mixed ? [invalidValue(`${at}.nonResourceURLs`, urls, problem)] : [];
    }
    if (strings(rule, "apiGroups").length === 0) {
      return [requiredValue(`${at}.apiGroups`, "resource rules must supply at least one api group")];
    }
    if (strings(rule, "resources").length > 0) return [];
    return [requiredValue(`${at}.resources`, "resource rules must supply at least one resource")];
  });
}

export const bindingAdmission: Admission = {
  setDefaults(object) {
    const ref = object["roleRef"];
    if (isJson(ref)) ref["apiGroup"] ||= group;
    for (const subject of children(object, "subjects")) {
      if (["User", "Group"].includes(text(subject, "kind"))) subject["apiGroup"] ||= group;
    }
  },
  validateCreate: bindingViolations,
  validateUpdate(before, after) {
    if (!isDeepStrictEqual(before["roleRef"], after["roleRef"])) {
      return [invalidValue("roleRef", after["roleRef"], "cannot change roleRef")];
    }
    return bindingViolations(after);
  },
};

function bindingViolations(binding: LabObject): StatusCause[] {
  const ref = child(binding, "roleRef");
  const kinds = binding.kind === "RoleBinding" ? ["Role", "ClusterRole"] : ["ClusterRole"];
  const causes: StatusCause[] = [];
  if (text(ref, "apiGroup") !== group) causes.push(unsupportedValue("roleRef.apiGroup", ref["apiGroup"], [group]));
  if (!kinds.includes(text(ref, "kind"))) causes.push(unsupportedValue("roleRef.kind", ref["kind"], kinds));
  if (text(ref, "name") === "") causes.push(requiredValue("roleRef.name"));
  const clusterWide = binding.kind === "ClusterRoleBinding";
  children(binding, "subjects").forEach((subject, index) => {
    const at = `subjects[${index}]`;
    const kind = text(subject, "kind");
    if (text(subject, "name") === "") causes.push(requiredValue(`${at}.name`));
    if (!["ServiceAccount", "User", "Group"].includes(kind)) {
      causes.push(unsupportedValue(`${at}.kind`, kind, ["ServiceAccount", "User", "Group"]));
    }
    if (kind === "ServiceAccount" && clusterWide && text(subject, "namespace") === "") {
      causes.push(requiredValue(`${at}.namespace`));
    }
  });
  return causes;
}
