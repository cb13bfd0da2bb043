/** A request as a script of misdeeds sees it. */
export interface Asked {
  verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "exec";
  /** Plural, e.g. `pods` or `networkchaos`; empty outside resources (discovery, health). */
  resource: string;
  namespace: string;
  name: string;
  method: string;
  path: string;
  /** Since the proxy started, by its own clock. */
  atMs: number;
}

/** Reads method and path as the Kubernetes API means them: /api/v1/… and /apis/GROUP/VERSION/…. */
export function readRequest(method: string, url: string, atMs: number): Asked {
  const [path = "", query = ""] = url.split("?");
  const parts = path.split("/").filter(Boolean);
  const inGroup = parts[0] === "apis" ? parts.slice(3) : parts[0] === "api" ? parts.slice(2) : [];
  const inNamespace = inGroup[0] === "namespaces" && inGroup.length > 2;
  const [resource = "", name = "", subresource = ""] = inNamespace ? inGroup.slice(2) : inGroup;
  const namespace = inNamespace ? (inGroup[1] ?? "") : "";
  return { verb: verbOf(method, name, subresource, query), resource, namespace, name, method, path, atMs };
}

function verbOf(method: string, name: string, subresource: string, query: string): Asked["verb"] {
  if (subresource === "exec") return "exec";
  if (/(^|&)watch=(true|1)/.test(query)) return "watch";
  const verbs = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" } as const;
  if (Object.hasOwn(verbs, method)) return verbs[method as keyof typeof verbs];
  return name === "" ? "list" : "get";
}
