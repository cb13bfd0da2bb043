import { runLabel } from "../../cluster/kinds.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { parseDurationMs } from "../../experiment/duration.ts";
import { cordonedBy, cordonedUntil, type NodeView } from "../../probes/placement.ts";
import type { StoredFault } from "../../store/faults.ts";
import { until } from "../wait.ts";
import { uncordon } from "./cordon-lease.ts";
import type { FaultKind, FaultTools, HealingProof, Intent } from "./fault-kind.ts";

/** A node that changes all the time (its kubelet writes to it) is tried again this long. */
const patchDeadlineMs = 10_000;

/**
 * The node of the pod that is the fault's subject takes no pods. The bot's own action, so nobody else ends it: the node
 * carries whose cordon it is and until when, and only a cordon with the run's own mark is ever undone. A node that was
 * cordoned before is refused: whoever did that wants it so, before and after.
 */
export const cordon: FaultKind = {
  kind: "Cordon",
  isOneShot: () => false,
  resolve: async ({ subject }, tools) => ({ node: await nodeOfPods(subject, tools.namespace, tools) }),
  prepare: async (intent, tools) => {
    const pods = intent.targets.subject.map(({ pod }) => pod);
    const name = await nodeOfPods(pods, intent.namespace, tools);
    const node = await readNode(name, tools);
    if (node === null || node.unschedulable) throw cordonedBefore(name);
    return withSpec(intent, { node: name, wasUnschedulable: node.unschedulable, until: leaseEnd(intent, tools.now) });
  },
  inject: async (intent, tools) => {
    const name = nodeOf(intent);
    const annotations = { [cordonedBy]: runOf(intent), [cordonedUntil]: String(intent.manifest.spec?.["until"]) };
    const done = await until(
      async () => {
        const node = await readNode(name, tools);
        if (node !== null && node.unschedulable && isOurs(node, intent)) return true;
        if (node === null || node.unschedulable) throw cordonedBefore(name);
        const change = { schedulable: false, annotations, resourceVersion: node.resourceVersion };
        return (await tools.cluster.setSchedulable(name, change, tools.signal)) === "changed" ? true : undefined;
      },
      { deadlineMs: patchDeadlineMs, everyMs: 100, signal: tools.signal },
    );
    if (done === true) return;
    throw new AftershockError(
      "inject_failed",
      `Node ${name} changed faster than it could be cordoned.`,
      `Look at it: kubectl get node ${name} -o yaml`,
    );
  },
  look: async (intent, tools) => {
    const name = nodeOf(intent);
    const node = await readNode(name, tools);
    if (node === null) return { what: `node ${name} is gone`, run: "fails" };
    if (!node.unschedulable) return { what: `somebody uncordoned ${name}`, run: "fails" };
    return isOurs(node, intent) ? null : { what: `somebody took the run's mark from ${name}`, run: "fails" };
  },
  effect: async () => null,
  remove: (fault, tools, deadlines) => uncordon({ node: nodeOf(fault), run: runOf(fault) }, tools, deadlines.deleteMs),
  prove: async (fault, tools) => [await proveUncordoned(fault, tools)],
};

/** Asked once more when the pods are looked at: whatever healed, the node must take pods, or be somebody else's. */
async function proveUncordoned(fault: StoredFault, tools: FaultTools): Promise<HealingProof> {
  const name = nodeOf(fault);
  const proof = { type: "healing-proof", what: `node ${name} takes pods again` } as const;
  try {
    const node = await readNode(name, tools);
    if (node === null) return { ...proof, ok: true, detail: "the node is gone" };
    if (isOurs(node, fault)) return { ...proof, ok: false, detail: "it still carries the run's cordon" };
    const detail = node.unschedulable
      ? "somebody else has cordoned it; the run has not"
      : "schedulable, and without our mark";
    return { ...proof, ok: true, detail };
  } catch (error) {
    return { ...proof, ok: false, detail: messageOf(error) };
  }
}

function readNode(name: string, { cluster, signal }: FaultTools): Promise<NodeView | null> {
  return cluster.placement(signal).node(name);
}

async function nodeOfPods(pods: readonly string[], namespace: string, tools: FaultTools): Promise<string> {
  const placed = await tools.cluster.placement(tools.signal).pods(namespace);
  const nodes = new Set(placed.flatMap(({ name, node }) => (pods.includes(name) && node !== null ? [node] : [])));
  const [only] = nodes;
  if (nodes.size === 1 && only !== undefined) return only;
  throw new AftershockError(
    "no_targets",
    `${pods.join(", ")} ${nodes.size === 0 ? "has no node" : `are on several nodes (${[...nodes].join(", ")})`}; one is cordoned at a time.`,
    `Look: kubectl get pods -n ${namespace} -o wide`,
  );
}

function cordonedBefore(node: string): AftershockError {
  return new AftershockError(
    "inject_failed",
    `Node ${node} is gone, or somebody has cordoned it. It was left as it is.`,
    `Look at it: kubectl get node ${node} -o yaml`,
  );
}

function isOurs(node: NodeView, fault: Pick<Intent, "manifest">): boolean {
  return node.annotations[cordonedBy] === runOf(fault);
}

function runOf({ manifest }: Pick<Intent, "manifest">): string {
  return String(manifest.metadata.labels?.[runLabel]);
}

function nodeOf({ manifest }: Pick<Intent, "manifest">): string {
  return String(manifest.spec?.["node"]);
}

function withSpec(intent: Intent, more: Record<string, unknown>): Intent {
  return { ...intent, manifest: { ...intent.manifest, spec: { ...intent.manifest.spec, ...more } } };
}

/** `duration` is the fault's time and the margin that every fault is given (fault-manifest.ts). */
function leaseEnd({ manifest }: Intent, now: Date): string {
  const lasts = parseDurationMs(String(manifest.spec?.["duration"] ?? "0s"));
  return new Date(now.getTime() + lasts).toISOString().replace(/\.\d+Z$/, "Z");
}
