import { AftershockError } from "../../errors.ts";
import type { PodAddress } from "../system.ts";

/** Who decides which member of a PostgreSQL is its primary. */
export interface Managed {
  name: "patroni" | "cloudnative-pg";
  /** What a person types to see its members. */
  look: string;
}

/**
 * Labels of CloudNativePG's pods: the cluster's name, and the role that its operator gave them, `primary` or `replica`
 * (cloudnative-pg/cloudnative-pg v1.30.0, pkg/utils/labels_annotations.go: ClusterLabelName, ClusterInstanceRoleLabelName).
 */
const clusterLabel = "cnpg.io/cluster";
export const cnpgRoleLabel = "cnpg.io/instanceRole";

/**
 * Who manages these pods, by their labels: CloudNativePG marks each of its own, and all others are taken for Patroni's.
 * Throws AftershockError `not_supported_here` where pods of both, or of two clusters, were found.
 */
export function managedBy(pods: readonly PodAddress[], namespace: string): Managed {
  const clusters = new Set(pods.map(({ labels }) => labels[clusterLabel] ?? null));
  const [cluster] = clusters;
  if (clusters.size > 1) {
    const told = [...clusters].map((one) => one ?? "none of CloudNativePG's").toSorted();
    throw new AftershockError(
      "not_supported_here",
      `The pods that were found are of several clusters, by their label ${clusterLabel}: ${told.join(", ")}.`,
      `Name one in the selectors of a target: ${clusterLabel}=NAME,cnpg.io/podRole=instance`,
    );
  }
  if (cluster === undefined || cluster === null) {
    const pod = pods[0]?.name ?? "postgresql-0";
    return { name: "patroni", look: `kubectl exec ${pod} -n ${namespace} -- patronictl list` };
  }
  // The plugin of CloudNativePG (docs/src/kubectl-plugin.md, Status).
  return { name: "cloudnative-pg", look: `kubectl cnpg status ${cluster} -n ${namespace}` };
}

/** Throws AftershockError `not_supported_here` where another manages the pods than an experiment is made for. */
export function requireManager(managed: Managed, wanted: Managed["name"], pod: string): void {
  if (managed.name === wanted) return;
  if (wanted === "patroni") {
    throw new AftershockError(
      "not_supported_here",
      `${pod} belongs to CloudNativePG, which runs no Patroni, and this experiment asks something of Patroni.`,
      "The failover of CloudNativePG is asked for by: /chaos run cnpg-failover",
    );
  }
  throw new AftershockError(
    "not_supported_here",
    `${pod} has no label ${clusterLabel}: it does not belong to CloudNativePG.`,
    "The failover of Patroni is asked for by: /chaos run patroni-failover",
  );
}
