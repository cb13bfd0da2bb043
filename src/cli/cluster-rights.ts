import type { Config } from "../config/schema.ts";
import { rightsOfTargets } from "../rbac/of-targets.ts";
import type { Right } from "../rbac/right.ts";
import { rightsInside, rightsOf, type Needing } from "../rbac/rights.ts";

/** The ways to pods for which rights can be printed. */
export const ways = ["direct", "port-forward"] as const;
export type Way = (typeof ways)[number];

type Settings = Pick<Config["clusters"][string], "reach" | "kubeconfig">;

/**
 * The way for which a cluster's accounts need rights: as configured; where that is left to the worker, through the API
 * server unless it runs in the cluster (no kubeconfig). Null: no configuration.
 */
export function wayOf(cluster: Settings | null): Way {
  if (cluster === null) return "direct";
  if (cluster.reach !== "auto") return cluster.reach;
  return cluster.kubeconfig === undefined ? "direct" : "port-forward";
}

/** What a catalogue needs on a cluster, by that way. Pure. */
export function rightsByWay(catalogue: readonly Needing[], way: Way): Right[] {
  const all = rightsOf(catalogue);
  return way === "direct" ? rightsInside(all) : all;
}

/** The same with what the cluster's targets need: all that is printed for it. Pure. */
export function rightsOfCluster(catalogue: readonly Needing[], cluster: Config["clusters"][string]): Right[] {
  return [...rightsByWay(catalogue, wayOf(cluster)), ...rightsOfTargets(cluster.targets, catalogue)];
}
