import type { LabObject, ObjectStore } from "../objects.ts";
import { record, texts } from "../runtime/pod-spec.ts";
import { newRecord, readRecords, type ChaosRecord } from "./chaos-status.ts";
import type { ChaosKind } from "./chaos-controller.ts";
import type { NetworkPlane } from "./network-plane.ts";
import { partitionRules, type Side } from "./partition-rules.ts";
import { selectPods } from "./select-pods.ts";

/** NetworkChaos `partition` with real packet filters. Other actions fail openly: the lab has no way to do them. */
export function networkChaos(store: ObjectStore, plane: NetworkPlane): ChaosKind {
  return {
    kind: "NetworkChaos",
    onFailure: "waits",
    select: (object, random) => {
      const namespace = object.metadata.namespace ?? "default";
      const pods = store.list("Pod").filter((pod) => pod.status?.["podIP"] !== undefined);
      const pick = (spec: Record<string, unknown>): LabObject[] =>
        selectPods(spec, namespace, pods, store.list("Node"), random);
      const selected = pick(object.spec ?? {}).map((pod) => newRecord(idOf(pod), "."));
      const target = object.spec?.["target"];
      if (target === undefined || target === null) return selected;
      // A target that matches nobody must not become "no target": that would cut the pods off from everything.
      const targets = pick(record(target)).map((pod) => newRecord(idOf(pod), ".Target"));
      return selected.length === 0 || targets.length === 0 ? [] : [...selected, ...targets];
    },
    apply: async (object, entry) => {
      const action = String(object.spec?.["action"]);
      if (action !== "partition") throw new Error(`the lab cannot do the action ${action}; it can do partition`);
      const pod = podOf(store, entry.id);
      if (pod === undefined) throw new Error(`pod ${entry.id} not found`);
      const all = readRecords(object) ?? [];
      const rules = partitionRules(
        sourceOf(object),
        String(object.spec?.["direction"] ?? "to"),
        sides(store, all, "."),
        sides(store, all, ".Target"),
        externalAddresses(object),
      );
      await plane.set(pod, sourceOf(object), rules.get(entry.id) ?? []);
    },
    recover: async (object, entry) => {
      const pod = podOf(store, entry.id);
      // A pod that is gone took its rules with it.
      if (pod !== undefined) await plane.set(pod, sourceOf(object), []);
    },
  };
}

function sides(store: ObjectStore, records: readonly ChaosRecord[], key: ChaosRecord["selectorKey"]): Side[] {
  return records
    .filter((entry) => entry.selectorKey === key)
    .flatMap((entry) => {
      const ip = podOf(store, entry.id)?.status?.["podIP"];
      return typeof ip === "string" ? [{ id: entry.id, ip }] : [];
    });
}

/** IPs and CIDRs; a host name cannot be resolved into the rules of a pod here. */
function externalAddresses(object: LabObject): string[] {
  return texts(object.spec?.["externalTargets"]).map((target) => {
    if (/^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(target)) return target;
    throw new Error(`the lab takes IP addresses and CIDRs as externalTargets, not ${target}`);
  });
}

export function podOf(store: ObjectStore, id: string): LabObject | undefined {
  const [namespace = "", name = ""] = id.split("/");
  return store.get({ kind: "Pod", namespace, name });
}

export function idOf(pod: LabObject): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
}

/** What a rule or an injection is known by: the object that asked for it. */
export function sourceOf(object: LabObject): string {
  return `${object.metadata.namespace ?? "default"}/${object.metadata.name}`;
}
