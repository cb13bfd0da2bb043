import type { ObjectStore } from "../objects.ts";
import { asList, texts } from "../runtime/pod-spec.ts";
import type { Kubelet } from "../runtime/kubelet.ts";
import { newRecord } from "./chaos-status.ts";
import type { ChaosKind } from "./chaos-controller.ts";
import { idOf, podOf } from "./network-chaos.ts";
import { selectPods } from "./select-pods.ts";

/** PodChaos: pod-kill deletes the pod (by SIGKILL with grace 0), container-kill kills, pod-failure keeps it down. */
export function podChaos(store: ObjectStore, faults: Kubelet): ChaosKind {
  return {
    kind: "PodChaos",
    onFailure: "stays",
    select: (object, random) => {
      const namespace = object.metadata.namespace ?? "default";
      const pods = selectPods(object.spec ?? {}, namespace, store.list("Pod"), store.list("Node"), random);
      if (object.spec?.["action"] !== "container-kill") return pods.map((pod) => newRecord(idOf(pod), "."));
      const names = texts(object.spec["containerNames"]);
      return pods.flatMap((pod) =>
        asList(pod.spec?.["containers"])
          .map((container) => String(container["name"]))
          .filter((name) => names.includes(name))
          .map((name) => newRecord(`${idOf(pod)}/${name}`, ".")),
      );
    },
    apply: async (object, entry) => {
      const pod = podOf(store, entry.id);
      if (pod === undefined) throw new Error(`pod ${entry.id} not found`);
      const { name, namespace = "default" } = pod.metadata;
      switch (object.spec?.["action"]) {
        case "pod-kill": {
          const gracePeriodSeconds = Number(object.spec["gracePeriod"] ?? 0);
          faults.delaySuccessor(pod);
          store.delete({ kind: "Pod", namespace, name }, { graceful: true, gracePeriodSeconds });
          return;
        }
        case "container-kill":
          return faults.killContainers(pod, [entry.id.split("/")[2] ?? ""]);
        case "pod-failure":
          return faults.hold(pod);
        default:
          throw new Error(`unknown action ${String(object.spec?.["action"])}`);
      }
    },
    recover: async (object, entry) => {
      const pod = podOf(store, entry.id);
      if (pod !== undefined && object.spec?.["action"] === "pod-failure") faults.release(pod);
    },
  };
}
