import type { Setting } from "../history.ts";
import type { Placement, PodPlacement, VolumeView } from "../placement.ts";

/** Names of taints that a node gets when it stops answering, and the tolerations that every pod is given for them. */
const unreachable = "node.kubernetes.io/unreachable";

/** What of pod, StatefulSet and volume explains how long a reschedule takes, read from the cluster now. */
export async function placementSettings(
  placement: Placement,
  target: PodPlacement,
  volumes: readonly VolumeView[],
): Promise<Setting[]> {
  const setting = (name: string, value: string): Setting => ({ type: "setting", member: target.name, name, value });
  const [kind, setName] = (target.owner ?? "").split("/");
  const set =
    kind === "StatefulSet" && setName !== undefined ? await placement.statefulSet(target.namespace, setName) : {};
  const budgets = await placement.budgets(target.namespace, target.labels).catch(() => null);
  const tolerated = target.tolerations.find(({ key }) => key === unreachable);
  return [
    setting("terminationGracePeriodSeconds", String(target.terminationGracePeriodSeconds ?? "not set")),
    setting(
      "tolerationSeconds (node unreachable)",
      tolerated === undefined ? "not set on the pod" : String(tolerated.tolerationSeconds ?? "for ever"),
    ),
    ...Object.entries(set).map(([name, value]) => setting(name, value)),
    ...volumes.flatMap(({ name, accessModes, storageClass, source, nodeAffinity }) => [
      setting("accessModes", `${accessModes.join(" ")} (${name})`),
      setting("storageClass", `${storageClass ?? "none"} (${source})`),
      setting("volume nodeAffinity", nodeAffinity ?? "none"),
    ]),
    setting(
      "PodDisruptionBudget",
      budgets === null
        ? "could not be read"
        : budgets.length === 0
          ? "none"
          : budgets.map(({ name, allowed }) => `${name} allows ${allowed} now`).join(", "),
    ),
  ];
}
