import { createAndAwait, deleteAndAwait, lookAtObject, replacedPod } from "./chaos-object.ts";
import type { FaultKind, FaultTools, Intent } from "./fault-kind.ts";

/** File operations of one container delayed or failed, on one of its volumes. */
export const ioChaos: FaultKind = {
  kind: "IOChaos",
  isOneShot: () => false,
  inject: (intent, tools) => createAndAwait(intent, tools, containerRecordIds(intent)),
  look: async (intent, tools) => {
    const restarted = await restartedTarget(intent, tools);
    if (restarted !== null) return { what: `${restarted} restarted, and the fault ended with it`, run: "noted" };
    return lookAtObject(intent, tools, containerRecordIds(intent));
  },
  effect: async () => null,
  remove: deleteAndAwait,
  prove: async () => [],
};

/** Record ids of IOChaos: `namespace/pod/container` (anchors/chaos-platforms.md 3.1). */
export function containerRecordIds({ manifest, namespace, targets }: Intent): string[] {
  const names = manifest.spec?.["containerNames"];
  const containers = Array.isArray(names) ? names.map(String) : [];
  return targets.subject.flatMap(({ pod }) => containers.map((container) => `${namespace}/${pod}/${container}`));
}

/** A pod that is another, or whose container was started anew: neither has the layer that injects the fault. */
async function restartedTarget(intent: Intent, tools: FaultTools): Promise<string | null> {
  const replaced = await replacedPod(intent, tools);
  if (replaced !== null) return `pod ${replaced}`;
  const pods = await tools.cluster.pods(intent.namespace, tools.signal);
  for (const target of intent.targets.subject) {
    const now = pods.find(({ name }) => name === target.pod)?.containerIds;
    const changed = Object.entries(target.containerIds ?? {}).find(
      ([name, id]) => now !== undefined && now[name] !== id,
    );
    if (changed !== undefined) return `container ${changed[0]} of ${target.pod}`;
  }
  return null;
}
