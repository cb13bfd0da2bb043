import { isOneShotAction } from "../chaos-state.ts";
import { createAndAwait, deleteAndAwait, lookAtObject, podRecordIds, replacedPod } from "./chaos-object.ts";
import type { FaultKind } from "./fault-kind.ts";
import { awaitDown, provePodsBack } from "./pods-back.ts";

/** Pods killed, or held down. */
export const podChaos: FaultKind = {
  kind: "PodChaos",
  injectedBy: "controller",
  isOneShot: (spec) => isOneShotAction("PodChaos", spec["action"]),
  inject: (intent, tools) => createAndAwait(intent, tools, podRecordIds(intent)),
  look: async (intent, tools) => {
    // A kill is over, and its pods are replaced on purpose.
    if (isOneShotAction("PodChaos", intent.manifest.spec?.["action"])) return null;
    return (await lookAtObject(intent, tools, podRecordIds(intent))) ?? replacedPod(intent, tools);
  },
  effect: async (intent, tools) => {
    const action = intent.manifest.spec?.["action"];
    if (action !== "pod-kill" && action !== "pod-failure") return null;
    return awaitDown(intent, tools, action === "pod-kill" ? "gone" : "unready");
  },
  remove: deleteAndAwait,
  prove: (fault, { cluster, signal }) => provePodsBack(cluster, fault, signal),
};
