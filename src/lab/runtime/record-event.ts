import { timestamp } from "../store/metadata.ts";
import type { LabObject, ObjectStore } from "../objects.ts";

export interface EventText {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  component: string;
}

/** Stores a Kubernetes Event about an object, as `kubectl describe` and `kubectl get events` show it. */
export function recordEvent(store: ObjectStore, about: LabObject, text: EventText): void {
  const now = timestamp(Date.now());
  const namespace = about.metadata.namespace ?? "default";
  store.create({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${about.metadata.name}.${store.revision().toString(16)}`, namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name: about.metadata.name,
      // Cluster-scoped objects have none, and `kubectl describe node` looks for exactly that.
      ...(about.metadata.namespace === undefined ? {} : { namespace }),
      uid: about.metadata.uid,
    },
    type: text.type,
    reason: text.reason,
    message: text.message,
    source: { component: text.component },
    reportingComponent: text.component,
    reportingInstance: "",
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    eventTime: null,
  });
}
