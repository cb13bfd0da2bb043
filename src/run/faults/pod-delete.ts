import { AftershockError } from "../../errors.ts";
import type { FaultKind } from "./fault-kind.ts";
import { awaitDown, provePodsBack } from "./pods-back.ts";

/**
 * A pod deleted through the API, as `kubectl delete pod` does it; with `gracePeriodSeconds: 0` as with `--force`. Over
 * once it was asked for: what makes the pod anew is its StatefulSet. The stored uid is the deletion's precondition, so
 * that a pod which has replaced the approved one is never deleted.
 */
export const podDelete: FaultKind = {
  kind: "PodDelete",
  isOneShot: () => true,
  inject: async (intent, { cluster, signal }) => {
    const gracePeriodSeconds = Number(intent.manifest.spec?.["gracePeriodSeconds"] ?? 0);
    for (const { pod, uid } of intent.targets.subject) {
      const ref = { namespace: intent.namespace, name: pod, uid, gracePeriodSeconds };
      const done = await cluster.deletePod(ref, signal);
      if (done === "deleted") continue;
      throw new AftershockError(
        "inject_failed",
        `Pod ${pod} ${done === "gone" ? "was gone" : "had been replaced"} before it was deleted; nothing was.`,
        `Look: kubectl get pod ${pod} -n ${intent.namespace} -o wide`,
      );
    }
  },
  look: async () => null,
  effect: async (intent, tools) => awaitDown(intent, tools, "gone"),
  remove: async ({ targets }) => ({
    type: "healing-proof",
    what: `the deletion of ${targets.subject.map(({ pod }) => pod).join(", ")} is over`,
    ok: true,
    detail: "nothing of it is left to remove",
  }),
  prove: (fault, { cluster, signal }) => provePodsBack(cluster, fault, signal),
};
