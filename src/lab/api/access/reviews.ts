/** Questions about access, answered by the same decision that every request meets. Source: pkg/registry/authorization. */
import type { ApiContext, Reply } from "../context.ts";
import { child, isJson, strings, text } from "../json.ts";
import type { Json } from "../json.ts";
import { badRequest } from "../status.ts";
import { grantsOf } from "./grants.ts";
import type { Attributes, Grant } from "./rbac.ts";
import { mastersGroup } from "./user.ts";
import type { User } from "./user.ts";

const authorization = { group: "authorization.k8s.io", version: "v1" } as const;

/** What is only ever created, and kept by nobody. */
export const reviews = [
  { ...authorization, kind: "SelfSubjectAccessReview", plural: "selfsubjectaccessreviews" },
  { ...authorization, kind: "SelfSubjectRulesReview", plural: "selfsubjectrulesreviews" },
  { ...authorization, kind: "SubjectAccessReview", plural: "subjectaccessreviews" },
  { group: "authentication.k8s.io", version: "v1", kind: "SelfSubjectReview", plural: "selfsubjectreviews" },
] as const;

export type Review = (typeof reviews)[number];

/** Throws ApiError 400 for a question that lacks what it is about. */
export function answerReview(context: ApiContext, review: Review, user: User, body: unknown): Reply {
  const spec = child(body, "spec");
  const type = { kind: review.kind, apiVersion: `${review.group}/${review.version}` };
  const status = statusOf(context, review.kind, user, spec);
  return { code: 201, body: { ...type, metadata: {}, spec, status } };
}

function statusOf(context: ApiContext, kind: Review["kind"], user: User, spec: Json): Json {
  switch (kind) {
    case "SelfSubjectAccessReview":
      return accessStatus(context, user, spec);
    case "SubjectAccessReview": {
      const username = text(spec, "user");
      const groups = strings(spec, "groups");
      if (username === "" && groups.length === 0)
        throw badRequest("spec.user: at least one of user or group must be specified");
      return accessStatus(context, { username, groups }, spec);
    }
    case "SelfSubjectRulesReview": {
      const namespace = text(spec, "namespace");
      if (namespace === "") throw badRequest("no namespace on request");
      return rulesStatus(grantsOf(context.store, user, namespace));
    }
    case "SelfSubjectReview": {
      const uid = user.uid === undefined ? {} : { uid: user.uid };
      return { userInfo: { username: user.username, ...uid, groups: user.groups } };
    }
  }
}

function accessStatus(context: ApiContext, user: User, spec: Json): Json {
  const by = context.access.allowedBy(user, attributesIn(spec));
  if (by === null) return { allowed: false };
  return user.groups.includes(mastersGroup) ? { allowed: true } : { allowed: true, reason: `RBAC: allowed by ${by}` };
}

function attributesIn(spec: Json): Attributes {
  const asked = spec["resourceAttributes"];
  if (isJson(asked)) {
    const [verb, group, resource] = [text(asked, "verb"), text(asked, "group"), text(asked, "resource")];
    const [subresource, namespace, name] = [text(asked, "subresource"), text(asked, "namespace"), text(asked, "name")];
    return { about: "resource", verb, group, resource, subresource, namespace, name };
  }
  const other = spec["nonResourceAttributes"];
  if (!isJson(other)) {
    throw badRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  return { about: "path", verb: text(other, "verb"), path: text(other, "path") };
}

function rulesStatus(grants: readonly Grant[]): Json {
  const rules = grants.map(({ rule }) => rule);
  const about = rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length === 0);
  const paths = rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0);
  return { resourceRules: about, nonResourceRules: paths, incomplete: false };
}
