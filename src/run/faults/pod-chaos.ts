import { createAndAwait, deleteAndAwait, lookAtObject, podRecordIds, replacedPod } from "./chaos-object.ts";
import type { FaultKind } from "./fault-kind.ts";
import { awaitDown, provePodsBack } from "./pods-back.ts";

/** Actions that are done once, at injection: Chaos Mesh ignores their `duration`, and nothing is left to recover. */
const oneShotActions: ReadonlySet<unknown> = new Set(["pod-kill", "container-kill"]);

/** Pods killed, or held down. */
export const podChaos: FaultKind = {
  kind: "PodChaos",
  isOneShot: (spec) => oneShotActions.has(spec["action"]),
  inject: (intent, tools) => createAndAwait(intent, tools, podRecordIds(intent)),
  look: async (intent, tools) => {
    // A kill is over, and its pods are replaced on purpose.
    if (oneShotActions.has(intent.manifest.spec?.["action"])) return null;
    const change = await lookAtObject(intent, tools, podRecordIds(intent));
    if (change !== null) return change;
    const pod = await replacedPod(intent, tools);
    return pod === null ? null : { what: `pod ${pod} was replaced, and the fault does not follow it`, run: "fails" };
  },
  effect: async (intent, tools) => {
    const action = intent.manifest.spec?.["action"];
    if (action !== "pod-kill" && action !== "pod-failure") return null;
    return awaitDown(intent, tools, action === "pod-kill" ? "gone" : "unready");
  },
  remove: deleteAndAwait,
  prove: (fault, { cluster, signal }) => provePodsBack(cluster, fault, signal),
};
