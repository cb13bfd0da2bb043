import type { LabObject, ObjectStore } from "../objects.ts";
import { runCommand } from "../isolation/run-command.ts";
import type { PodFaults } from "../runtime/pod-faults.ts";
import { nftRuleset, type DropRule } from "./partition-rules.ts";

/**
 * The drop rules in force in each running pod. A pod that is replaced starts without any, as in a real cluster: rules
 * are tied to the pod's uid.
 */
export interface NetworkPlane {
  /** Puts the rules of one source into a pod, instead of any earlier ones of that source. Rejects if it cannot. */
  set(pod: LabObject, source: string, rules: readonly DropRule[]): Promise<void>;
}

export function createNetworkPlane(store: ObjectStore, faults: PodFaults): NetworkPlane {
  const inForce = new Map<string, DropRule[]>();
  /** One change of a pod at a time: the whole ruleset is written, and two objects at once would each write theirs alone. */
  const queues = new Map<string, Promise<void>>();
  return {
    set: (pod, source, rules) => {
      const { uid } = pod.metadata;
      const done = (queues.get(uid) ?? Promise.resolve()).then(() => change(pod, source, rules));
      const settled = done.catch(() => undefined);
      queues.set(uid, settled);
      void settled.then(() => {
        if (queues.get(uid) === settled) queues.delete(uid);
      });
      return done;
    },
  };

  async function change(pod: LabObject, source: string, rules: readonly DropRule[]): Promise<void> {
    const { uid } = pod.metadata;
    const enter = faults.enterNetwork(pod);
    if (enter === undefined) throw new Error(`pod ${pod.metadata.name} is not running`);
    const wanted = [...(inForce.get(uid) ?? []).filter((rule) => rule.source !== source), ...rules];
    const result = await runCommand(enter(["nft", "-f", "-"]), nftRuleset(wanted));
    if (result.exitCode !== 0) throw new Error(`nft: ${result.stderr.trim()}`);
    inForce.set(uid, wanted);
    writeChild(store, pod, wanted);
  }
}

/** The PodNetworkChaos child that carries each rule's source; it outlives the experiment, emptied. */
function writeChild(store: ObjectStore, pod: LabObject, rules: readonly DropRule[]): void {
  const { name, namespace = "default", uid } = pod.metadata;
  const spec = {
    iptables: rules.map((rule, index) => ({
      name: `${rule.direction}-${index}`,
      direction: rule.direction === "in" ? "input" : "output",
      ipsets: rule.addresses === "all" ? [] : [...rule.addresses],
      source: rule.source,
    })),
  };
  const key = { kind: "PodNetworkChaos", namespace, name };
  if (store.get(key) === undefined) {
    store.create({
      apiVersion: "chaos-mesh.org/v1alpha1",
      kind: "PodNetworkChaos",
      metadata: { name, namespace, ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid }] },
      spec,
      status: {},
    });
  } else {
    store.update(key, (copy) => void (copy.spec = spec));
  }
}
