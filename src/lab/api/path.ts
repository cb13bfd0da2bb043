/** What a URL path of the API asks for. */
export type ApiPath =
  | {
      what: "resource";
      group: string;
      version: string;
      plural: string;
      namespace?: string;
      name?: string;
      subresource?: string;
    }
  | { what: "groupVersion"; group: string; version: string }
  | { what: "group"; group: string }
  | { what: "coreVersions" }
  | { what: "groups" }
  | { what: "version" }
  | { what: "health" }
  | { what: "openapi"; document?: string }
  | { what: "accessLog" }
  | { what: "nothing" };

/** Splits a path by the API's conventions; says nothing about whether the resource exists. */
export function parsePath(pathname: string): ApiPath {
  const parts = pathname.split("/").filter((part) => part !== "");
  const decoded = parts.map(decodeURIComponent);
  const [first, ...rest] = decoded;
  switch (first) {
    case "api":
      if (rest.length === 0) return { what: "coreVersions" };
      return below("", rest[0]!, rest.slice(1));
    case "apis":
      if (rest.length === 0) return { what: "groups" };
      if (rest.length === 1) return { what: "group", group: rest[0]! };
      return below(rest[0]!, rest[1]!, rest.slice(2));
    case "version":
      return rest.length === 0 ? { what: "version" } : { what: "nothing" };
    case "healthz":
    case "livez":
    case "readyz":
      return { what: "health" };
    // The lab's own, and no path of Kubernetes.
    case "lab":
      return { what: rest.length === 1 && rest[0] === "access-log" ? "accessLog" : "nothing" };
    case "openapi":
      if (rest[0] !== "v3") return { what: "nothing" };
      return rest.length === 1 ? { what: "openapi" } : { what: "openapi", document: rest.slice(1).join("/") };
    default:
      return { what: "nothing" };
  }
}

function below(group: string, version: string, parts: string[]): ApiPath {
  if (parts.length === 0) return { what: "groupVersion", group, version };
  // `namespaces/x` is the namespace itself; `namespaces/x/pods` is something in it.
  const ownEndpoint = parts[2] === "status" || parts[2] === "finalize";
  const within = parts[0] === "namespaces" && parts.length >= 3 && !(group === "" && ownEndpoint);
  const [plural, name, subresource, ...more] = within ? parts.slice(2) : parts;
  if (plural === undefined || more.length > 0) return { what: "nothing" };
  return {
    what: "resource",
    group,
    version,
    plural,
    ...(within ? { namespace: parts[1]! } : {}),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}
