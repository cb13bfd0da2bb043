import { existsSync } from "node:fs";
import { currentContext, openCluster } from "../cluster/kubernetes.ts";
import type { Cluster } from "../cluster/port.ts";
import { AftershockError, messageOf } from "../errors.ts";

/** Options of `node:util`'s parseArgs for commands that need nothing but a kubeconfig. */
export const clusterOptions = {
  kubeconfig: { type: "string" },
  context: { type: "string" },
} as const;

export const clusterUsage = `  --kubeconfig FILE   the cluster (default: $KUBECONFIG, ~/.kube/config, or the pod's service account)
  --context NAME      a context of it (default: its current one)
`;

/** Opens it, named by its context. Throws AftershockError `bad_config` for a file or context that is not there. */
export function openNamedCluster(values: { kubeconfig?: string | undefined; context?: string | undefined }): Cluster {
  const { kubeconfig, context } = values;
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) {
    throw new AftershockError("bad_config", `There is no file ${kubeconfig}.`, "Give its path: --kubeconfig FILE");
  }
  const where = { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
  try {
    return openCluster({ name: currentContext(where), ...where });
  } catch (error) {
    throw new AftershockError(
      "bad_config",
      `The kubeconfig cannot be used: ${messageOf(error)}.`,
      "See its contexts: kubectl config get-contexts",
      { cause: error },
    );
  }
}
