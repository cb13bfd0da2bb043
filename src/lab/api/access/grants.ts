/** Which rules somebody has: the store's roles and bindings. Source: pkg/registry/rbac/validation/rule.go. */
import type { LabObject, ObjectStore } from "../../objects.ts";
import { child, children, strings, text } from "../json.ts";
import type { Json } from "../json.ts";
import type { Grant, PolicyRule } from "./rbac.ts";
import { serviceAccountName } from "./user.ts";
import type { User } from "./user.ts";

/** Those that count everywhere, then those of RoleBindings; with `namespace`, only of RoleBindings in it. */
export function grantsOf(store: ObjectStore, user: User, namespace?: string): Grant[] {
  const bindings = [...store.list("ClusterRoleBinding"), ...store.list("RoleBinding", namespace)];
  return bindings.flatMap((binding) => {
    const subject = children(binding, "subjects").find((candidate) => isMeant(candidate, user, binding));
    if (subject === undefined) return [];
    const through = describe(binding, subject);
    const place = binding.metadata.namespace ?? null;
    return rulesOf(store, binding).map((rule) => ({ rule, namespace: place, through }));
  });
}

function isMeant(subject: Json, user: User, binding: LabObject): boolean {
  const name = text(subject, "name");
  switch (text(subject, "kind")) {
    case "User":
      return name === user.username;
    case "Group":
      return user.groups.includes(name);
    case "ServiceAccount": {
      const namespace = text(subject, "namespace") || (binding.metadata.namespace ?? "");
      return namespace !== "" && serviceAccountName(namespace, name) === user.username;
    }
    default:
      return false;
  }
}

/** A binding to a role that is missing gives nothing. */
function rulesOf(store: ObjectStore, binding: LabObject): PolicyRule[] {
  const ref = child(binding, "roleRef");
  const name = text(ref, "name");
  const { namespace } = binding.metadata;
  const inNamespace = text(ref, "kind") === "Role" && namespace !== undefined;
  const role = store.get(inNamespace ? { kind: "Role", namespace, name } : { kind: "ClusterRole", name });
  return children(role, "rules").map(ruleOf);
}

function ruleOf(rule: Json): PolicyRule {
  const lists = (["apiGroups", "resources", "resourceNames", "nonResourceURLs"] as const)
    .map((field) => [field, strings(rule, field)] as const)
    .filter(([, list]) => list.length > 0);
  return { verbs: strings(rule, "verbs"), ...Object.fromEntries(lists) };
}

function describe(binding: LabObject, subject: Json): string {
  const { name, namespace } = binding.metadata;
  const ref = child(binding, "roleRef");
  const bound = namespace === undefined ? name : `${name}/${namespace}`;
  const place = text(subject, "namespace");
  const to = place === "" ? text(subject, "name") : `${text(subject, "name")}/${place}`;
  return `${binding.kind} "${bound}" of ${text(ref, "kind")} "${text(ref, "name")}" to ${text(subject, "kind")} "${to}"`;
}
