/** Kinds of access control as kubectl sends them in protobuf. Field numbers: generated.proto files of k8s.io/api. */
import type { Message } from "../protobuf.ts";

/** `metadata` is read by whoever reads all kinds. */
export function accessMessages(metadata: Message[number]): Record<string, Message> {
  const rules: Message = { 1: metadata, 2: { name: "rules", type: [policyRule] } };
  const binding: Message = {
    1: metadata,
    2: { name: "subjects", type: [texts("kind", "apiGroup", "name", "namespace")] },
    3: { name: "roleRef", type: texts("apiGroup", "kind", "name") },
  };
  const spec = (type: Message): Message => ({ 1: metadata, 2: { name: "spec", type } });
  return {
    ServiceAccount: { 1: metadata },
    TokenRequest: spec({
      1: { name: "audiences", type: "string[]" },
      4: { name: "expirationSeconds", type: "int" },
    }),
    Role: rules,
    ClusterRole: rules,
    RoleBinding: binding,
    ClusterRoleBinding: binding,
    SelfSubjectAccessReview: spec(attributes),
    SubjectAccessReview: spec({
      ...attributes,
      3: { name: "user", type: "string" },
      4: { name: "groups", type: "string[]" },
    }),
    SelfSubjectRulesReview: spec(texts("namespace")),
    SelfSubjectReview: { 1: metadata },
  };
}

const policyRule: Message = Object.fromEntries(
  ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"].map((name, index) => [
    index + 1,
    { name, type: "string[]" },
  ]),
);

const attributes: Message = {
  1: {
    name: "resourceAttributes",
    type: texts("namespace", "verb", "group", "version", "resource", "subresource", "name"),
  },
  2: { name: "nonResourceAttributes", type: texts("path", "verb") },
};

/** A message of strings, numbered from 1. */
function texts(...names: string[]): Message {
  return Object.fromEntries(names.map((name, index) => [index + 1, { name, type: "string" }]));
}
