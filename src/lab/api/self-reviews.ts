import type { Reply } from "./context.ts";

/** Questions that a client asks about itself. Whoever has the lab's token may do everything. */
export const selfReviews = [
  { group: "authorization.k8s.io", version: "v1", kind: "SelfSubjectAccessReview", plural: "selfsubjectaccessreviews" },
  { group: "authorization.k8s.io", version: "v1", kind: "SelfSubjectRulesReview", plural: "selfsubjectrulesreviews" },
  { group: "authentication.k8s.io", version: "v1", kind: "SelfSubjectReview", plural: "selfsubjectreviews" },
] as const;

export type SelfReview = (typeof selfReviews)[number];

/** The answer does not depend on the question, so the question is not even read. */
export function answerReview(review: SelfReview): Reply {
  const type = { kind: review.kind, apiVersion: `${review.group}/${review.version}` };
  return { code: 201, body: { ...type, metadata: {}, spec: {}, status: statusOf(review.kind) } };
}

function statusOf(kind: SelfReview["kind"]): unknown {
  const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
  switch (kind) {
    case "SelfSubjectAccessReview":
      return { allowed: true };
    case "SelfSubjectRulesReview":
      return { resourceRules: [all], nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }], incomplete: false };
    case "SelfSubjectReview":
      return { userInfo: { username: "lab", groups: ["system:masters", "system:authenticated"] } };
  }
}
