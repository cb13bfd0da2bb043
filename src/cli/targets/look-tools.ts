import type { Cluster } from "../../cluster/port.ts";
import { readLocalRef } from "../../compose/targets.ts";
import type { Environment } from "../../config/secret.ts";
import type { LookTools } from "../../targets/look.ts";

/** A cluster that answers nothing is unknown after this long. */
const lookWithinMs = 15_000;

/** Looks by a cluster's API and into an environment. */
export function lookTools(cluster: Pick<Cluster, "pods" | "getSecret">, environment: Environment): LookTools {
  const within = (): AbortSignal => AbortSignal.timeout(lookWithinMs);
  return {
    pods: (namespace, selector) => cluster.pods(namespace, within(), selector),
    secret: (namespace, name) => cluster.getSecret(namespace, name, within()),
    local: (ref) => readLocalRef(ref, environment),
    now: Date.now,
  };
}
