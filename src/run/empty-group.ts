import { AftershockError } from "../errors.ts";
import type { Topology } from "../probes/system.ts";

/** What the system reports of its groups, and who did not answer when it was asked. */
export type Groups = Pick<Topology, "groups" | "holders" | "silent" | "without">;

/**
 * Why nothing can be planned on a group without members. A member that did not answer may belong to it: then it is not
 * known who does, `system_unreachable`. When all answered nobody does, `no_targets`; where nobody can, `not_supported_here`.
 * `needs`: who needs the group.
 */
export function emptyGroup(needs: string, name: string, topology: Groups, namespace: string) {
  const { groups, silent = [], without = {} } = topology;
  const never = Object.hasOwn(without, name) ? without[name] : undefined;
  if (never !== undefined) {
    return new AftershockError("not_supported_here", `${needs} is not possible here: ${never.why}.`, never.instead);
  }
  if (silent.length > 0 && Object.hasOwn(groups, name)) {
    return new AftershockError(
      "system_unreachable",
      `${needs} needs the group "${name}", and who is in it is not known: no answer from ${silent.join(", ")}.`,
      `Look, and try again when they answer: kubectl get pods -n ${namespace}`,
    );
  }
  const now = Object.entries(groups).map(([group, pods]) => `${group} (${pods.join(" ") || "empty"})`);
  return new AftershockError(
    "no_targets",
    `${needs} needs the group "${name}", and the system has none now.`,
    `Groups now: ${now.join(", ")}. Check the pods and try again.`,
  );
}
