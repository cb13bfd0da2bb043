import { readFileSync } from "node:fs";

/** Where a pod finds its own namespace (kubernetes.io, Accessing the Kubernetes API from a Pod). */
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** The namespace that this process runs in; empty outside a cluster. No run may touch it. */
export function ownNamespaces(file: string = namespaceFile): string[] {
  try {
    return [readFileSync(file, "utf8").trim()].filter((name) => name !== "");
  } catch {
    return [];
  }
}
