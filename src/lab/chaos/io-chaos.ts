import type { ObjectStore } from "../objects.ts";
import { asList, texts } from "../runtime/pod-spec.ts";
import { newRecord } from "./chaos-status.ts";
import type { ChaosKind } from "./chaos-controller.ts";
import { readIoFault } from "./io-fault.ts";
import type { IoPlane } from "./io-plane.ts";
import { idOf, podOf, sourceOf } from "./network-chaos.ts";
import { selectPods } from "./select-pods.ts";

/** IOChaos `latency` and `fault`. Other actions fail openly. Targets are containers: the first, or those named. */
export function ioChaos(store: ObjectStore, plane: IoPlane): ChaosKind {
  return {
    kind: "IOChaos",
    onFailure: "waits",
    select: (object, random) => {
      const namespace = object.metadata.namespace ?? "default";
      const pods = selectPods(object.spec ?? {}, namespace, store.list("Pod"), store.list("Node"), random);
      const named = texts(object.spec?.["containerNames"]);
      return pods.flatMap((pod) => {
        const all = asList(pod.spec?.["containers"]).map((container) => String(container["name"]));
        const hit = named.length === 0 ? all.slice(0, 1) : all.filter((name) => named.includes(name));
        return hit.map((name) => newRecord(`${idOf(pod)}/${name}`, "."));
      });
    },
    apply: async (object, entry) => {
      const pod = podOf(store, entry.id);
      if (pod === undefined) throw new Error(`pod ${entry.id} not found`);
      const container = entry.id.split("/")[2] ?? "";
      await plane.inject(pod, container, `${sourceOf(object)}/${container}`, readIoFault(object.spec ?? {}));
    },
    recover: async (object, entry) => {
      const pod = podOf(store, entry.id);
      // A pod that is gone took the injection with it.
      if (pod !== undefined) await plane.recover(pod, `${sourceOf(object)}/${entry.id.split("/")[2] ?? ""}`);
    },
  };
}
