import { messageOf } from "../../errors.ts";
import { cordonedBy, cordonedUntil, type NodeView } from "../../probes/placement.ts";
import { until } from "../wait.ts";
import type { FaultTools, HealingProof } from "./fault-kind.ts";

/**
 * A cordon has no duration that the cluster would end it by, so the node itself says whose it is and when it ends at the
 * latest. That end is fixed when the cordon is made, a little above the planned one, and never renewed: it holds with
 * nobody of ours alive, and whoever looks next, with nothing but a kubeconfig, may undo it.
 */
export interface CordonLease {
  node: string;
  /** The run's id. */
  run: string;
  /** RFC 3339 as written on the node; null when there is no end that can be read. */
  until: string | null;
}

/** The lease that a run left on a node; null for a node without our mark, whoever has cordoned it. Pure. */
export function leaseOf(node: Pick<NodeView, "name" | "annotations">): CordonLease | null {
  const run = node.annotations[cordonedBy];
  if (run === undefined) return null;
  const end = node.annotations[cordonedUntil];
  return { node: node.name, run, until: end === undefined || Number.isNaN(Date.parse(end)) ? null : end };
}

/**
 * Takes this run's cordon and marks from the node, and reads back that they are gone. A cordon of anybody else, and of
 * another run, is left as it is. Idempotent. Never throws but for the signal: what could not be done is a proof that
 * failed.
 */
export async function uncordon(
  { node: name, run }: Pick<CordonLease, "node" | "run">,
  { cluster, signal }: FaultTools,
  deadlineMs: number,
): Promise<HealingProof> {
  const proof = { type: "healing-proof", what: `node ${name} is uncordoned` } as const;
  let changed = false;
  let last = "still cordoned";
  const detail = await until(
    async () => {
      try {
        const node = await cluster.placement(signal).node(name);
        if (node === null) return "the node is gone";
        if (node.annotations[cordonedBy] !== run) {
          if (!node.unschedulable) return changed ? "done, and read back" : "it was not cordoned by this run";
          return "cordoned by somebody else, and left so";
        }
        const annotations = { [cordonedBy]: null, [cordonedUntil]: null };
        const change = { schedulable: true, annotations, resourceVersion: node.resourceVersion };
        changed = (await cluster.setSchedulable(name, change, signal)) === "changed";
        last = "it was uncordoned, and that could not be read back";
      } catch (error) {
        // A server that cannot be reached now may be reached before the deadline; all of this is safe to repeat.
        last = messageOf(error);
      }
      return undefined;
    },
    { deadlineMs, everyMs: 100, signal },
  );
  return detail === undefined ? { ...proof, ok: false, detail: last } : { ...proof, ok: true, detail };
}
