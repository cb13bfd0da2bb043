import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabObject } from "../objects.ts";
import type { Mount } from "./sandbox.ts";

/** As whom a pod speaks to the API server, and where it is. */
export interface PodIdentity {
  token: string;
  /** PEM. */
  ca: string;
  namespace: string;
  host: string;
  port: number;
}

/** Where programs in a pod look for it (kubernetes.io, Accessing the Kubernetes API from a Pod). */
const target = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The account that a pod names. Unlike in Kubernetes, one that names none has none, and gets no token. */
export function accountOf(pod: LabObject): string | undefined {
  const name = pod.spec?.["serviceAccountName"];
  return typeof name === "string" && name !== "" ? name : undefined;
}

/**
 * Writes token, authority and namespace into a folder, and says how it is mounted. The token is not renewed: it lives as
 * long as the lab.
 */
export function serviceAccountMount(directory: string, { token, ca, namespace }: PodIdentity): Mount {
  const source = join(directory, "serviceaccount");
  mkdirSync(source, { recursive: true });
  for (const [name, content] of Object.entries({ token, "ca.crt": ca, namespace })) {
    // A container's process may be any user; of the machine's, only root gets into the state directory.
    writeFileSync(join(source, name), content, { mode: 0o644 });
  }
  return { source, target, readOnly: true };
}

/** The variables that every container of a pod gets (kubernetes.io, Service, environment variables). */
export function serviceVariables({ host, port }: PodIdentity): Record<string, string> {
  return { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(port) };
}
