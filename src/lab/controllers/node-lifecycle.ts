import { timestamp } from "../store/metadata.ts";
import type { ObjectStore } from "../objects.ts";
import { asList } from "../runtime/pod-spec.ts";
import { recordEvent } from "../runtime/record-event.ts";

const key = "node.kubernetes.io/unschedulable";

/** Keeps the taint of cordoned nodes, and tells of each cordon and uncordon, as node controller and kubelet do. */
export function startNodeLifecycle(store: ObjectStore): () => void {
  return store.watch("Node", ({ object, type }) => {
    const name = { kind: "Node", name: object.metadata.name };
    const node = store.get(name);
    if (type === "DELETED" || node === undefined) return;
    const cordoned = node.spec?.["unschedulable"] === true;
    const taints = asList(node.spec?.["taints"]);
    if (cordoned === taints.some((taint) => taint["key"] === key)) return;
    const others = taints.filter((taint) => taint["key"] !== key);
    const wanted = cordoned ? [...others, { key, effect: "NoSchedule", timeAdded: timestamp(Date.now()) }] : others;
    store.update(name, (copy) => {
      const { taints: _taints, ...spec } = copy.spec ?? {};
      copy.spec = wanted.length === 0 ? spec : { ...spec, taints: wanted };
    });
    const reason = cordoned ? "NodeNotSchedulable" : "NodeSchedulable";
    const message = `Node ${name.name} status is now: ${reason}`;
    recordEvent(store, node, { type: "Normal", reason, message, component: "kubelet" });
  });
}
