/** What a request wants, in the words of access control. Source: k8s.io/apiserver/pkg/endpoints/request/requestinfo.go. */
import { queryFlag } from "../query-flag.ts";
import type { ApiPath } from "../path.ts";
import type { Attributes } from "./rbac.ts";

const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
  GET: "get",
  HEAD: "get",
};

/**
 * An exec or a port-forward over WebSocket is a GET and so the verb `get`; the same over SPDY is a POST and `create`.
 * Kubernetes from 1.35 on asks for `create` in both cases.
 */
export function attributesOf(method: string, url: URL, path: ApiPath): Attributes {
  if (path.what !== "resource") return { about: "path", verb: method.toLowerCase(), path: url.pathname };
  const { group, plural, subresource = "" } = path;
  const name = path.name ?? nameInSelector(url.searchParams);
  // `namespaces/x` is in the namespace x: a role there can allow it.
  const namespace = path.namespace ?? (group === "" && plural === "namespaces" ? (path.name ?? "") : "");
  return {
    about: "resource",
    verb: verbOf(method, path.name === undefined, url.searchParams),
    group,
    resource: plural,
    subresource,
    namespace,
    name: method === "POST" && path.name === undefined ? "" : name,
  };
}

function verbOf(method: string, onCollection: boolean, query: URLSearchParams): string {
  const verb = verbs[method] ?? method.toLowerCase();
  if (verb === "get" && queryFlag(query, "watch")) return "watch";
  if (!onCollection) return verb;
  return { get: "list", delete: "deletecollection" }[verb] ?? verb;
}

/** A list or a watch of one object by a field selector counts as being for that object. */
function nameInSelector(query: URLSearchParams): string {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1] ?? "";
}
