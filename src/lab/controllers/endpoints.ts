import type { LabObject, ObjectStore } from "../objects.ts";
import { asList, record } from "../runtime/pod-spec.ts";
import { isPodReady } from "./stateful-set.ts";

/** Keeps an Endpoints object for every Service with a selector: its pods' addresses, ready and not ready. */
export function startEndpoints(store: ObjectStore): () => void {
  const reconcile = (service: LabObject): void => {
    const selector = Object.entries(record(service.spec?.["selector"]));
    if (selector.length === 0) return;
    const { name, namespace = "default" } = service.metadata;
    const pods = store.list("Pod", namespace).filter((pod) => {
      const labels = pod.metadata.labels ?? {};
      return selector.every(([key, value]) => labels[key] === value) && pod.status?.["podIP"] !== undefined;
    });
    const address = (pod: LabObject): Record<string, unknown> => ({
      ip: pod.status?.["podIP"],
      hostname: pod.metadata.name,
      nodeName: pod.spec?.["nodeName"],
      targetRef: { kind: "Pod", namespace, name: pod.metadata.name, uid: pod.metadata.uid },
    });
    const ready = pods.filter(isPodReady).map(address);
    const notReady = pods.filter((pod) => !isPodReady(pod)).map(address);
    const ports = asList(service.spec?.["ports"]).map((port) => ({
      ...(port["name"] === undefined ? {} : { name: port["name"] }),
      port: port["targetPort"] ?? port["port"],
      protocol: port["protocol"] ?? "TCP",
    }));
    const subsets =
      pods.length === 0
        ? []
        : [
            {
              ...(ready.length === 0 ? {} : { addresses: ready }),
              ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
              ports,
            },
          ];
    const key = { kind: "Endpoints", namespace, name };
    if (store.get(key) === undefined) {
      store.create({ apiVersion: "v1", kind: "Endpoints", metadata: { name, namespace }, subsets });
    } else {
      store.update(key, (copy) => void (copy["subsets"] = subsets));
    }
  };
  const all = (namespace: string | undefined): void => store.list("Service", namespace).forEach(reconcile);
  const stops = [
    store.watch("Service", ({ type, object }) => {
      const { name, namespace = "default" } = object.metadata;
      if (type !== "DELETED") return reconcile(object);
      if (store.get({ kind: "Endpoints", namespace, name }) !== undefined)
        store.remove({ kind: "Endpoints", namespace, name });
    }),
    store.watch("Pod", ({ object }) => all(object.metadata.namespace)),
  ];
  all(undefined);
  return () => stops.forEach((stop) => stop());
}
