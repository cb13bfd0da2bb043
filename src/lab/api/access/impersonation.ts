/** `kubectl --as`. Source: k8s.io/apiserver/pkg/endpoints/filters/impersonation.go; uid and extras are not taken over. */
import type { IncomingHttpHeaders } from "node:http";
import type { Attributes } from "./rbac.ts";
import { authenticatedGroup, serviceAccountUser } from "./user.ts";
import type { User } from "./user.ts";

/** As whom a request wants to be seen, and what its sender must be allowed for that; null: as its sender. */
export function impersonation(headers: IncomingHttpHeaders): { user: User; needs: Attributes[] } | null {
  const username = headers["impersonate-user"];
  if (typeof username !== "string" || username === "") return null;
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  const [, namespace = "", name = username] = account ?? [];
  const given = headers["impersonate-group"] ?? [];
  // Node joins headers that come several times.
  const groups = (typeof given === "string" ? given.split(",") : given).map((group) => group.trim());
  const implied = account === null ? [authenticatedGroup] : serviceAccountUser({ namespace, name, uid: "" }).groups;
  const needed = (resource: string, of: string, inNamespace = ""): Attributes => ({
    about: "resource",
    verb: "impersonate",
    group: "",
    resource,
    subresource: "",
    namespace: inNamespace,
    name: of,
  });
  return {
    user: { username, groups: groups.length > 0 ? [...new Set([...groups, authenticatedGroup])] : implied },
    needs: [
      account === null ? needed("users", name) : needed("serviceaccounts", name, namespace),
      ...groups.map((group) => needed("groups", group)),
    ],
  };
}
