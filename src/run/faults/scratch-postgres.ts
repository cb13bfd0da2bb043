import { runLabel } from "../../cluster/kinds.ts";
import type { KubernetesObject } from "../../cluster/port.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { until } from "../wait.ts";
import type { FaultKind, FaultTools, HealingProof, Intent } from "./fault-kind.ts";
import { ownerOf, scratchPodManifest } from "./scratch-pod.ts";

/** A pod that is not ready after this long is given up: an image may have to be fetched first. */
const readyDeadlineMs = 120_000;

/**
 * Not a fault but what a restore needs: a throw-away PostgreSQL in a pod of the run's own. It is treated as one, so that
 * its intent is stored before it is made, it is removed on every way out, and its removal is proven.
 */
export const scratchPostgres: FaultKind = {
  kind: "ScratchPostgres",
  servesExercise: true,
  isOneShot: () => false,
  prepare: async (intent, { cluster, signal }) => {
    const { pod = "" } = intent.targets.subject[0] ?? {};
    const source = await cluster.getPod(intent.namespace, pod, signal);
    if (source === null) {
      throw new AftershockError("no_targets", `Pod ${pod} is gone.`, "Look at the pods and ask for the run again.");
    }
    return { ...intent, manifest: scratchPodManifest(intent, source) };
  },
  inject: async (intent, { cluster, signal }) => {
    await cluster.createPod(intent.manifest, signal);
    let last = "not looked at";
    const ready = await until(
      async () => {
        const pod = await cluster.getPod(intent.namespace, intent.name, signal);
        last = stateOf(pod);
        return isReady(pod) || pod?.status?.["phase"] === "Failed" ? pod : undefined;
      },
      { deadlineMs: readyDeadlineMs, everyMs: 200, signal },
    );
    if (ready !== undefined && isReady(ready)) return;
    throw new AftershockError(
      "inject_failed",
      `Pod ${intent.name}, to restore into, did not become ready: ${last}.`,
      `Look at it: kubectl describe pod ${intent.name} -n ${intent.namespace}`,
    );
  },
  look: async (intent, { cluster, signal }) => {
    const pod = await cluster.getPod(intent.namespace, intent.name, signal);
    return isReady(pod) ? null : { what: stateOf(pod), run: "fails" };
  },
  effect: async () => null,
  remove: async (fault, { cluster, signal }, deadlines) => {
    const what = `pod ${fault.namespace}/${fault.name} is gone`;
    let last = "still there";
    const gone = await until(
      async () => {
        try {
          const pod = await cluster.getPod(fault.namespace, fault.name, signal);
          // A pod of that name without the run's label is somebody else's: ours is gone, or never was.
          if (pod === null || ownerOf(pod) !== ownerOf(fault.manifest)) return true;
          const { name, namespace } = fault;
          await cluster.deletePod({ name, namespace, uid: pod.metadata.uid ?? "", gracePeriodSeconds: 0 }, signal);
          return undefined;
        } catch (error) {
          last = messageOf(error);
          return undefined;
        }
      },
      { deadlineMs: deadlines.deleteMs + deadlines.forceMs, everyMs: 100, signal },
    );
    return { type: "healing-proof", what, ok: gone === true, detail: gone === true ? "deleted" : last };
  },
  prove: async (fault, tools) => [await nothingLeft(fault, tools)],
};

/** Also what an unanswered create may have made later than its removal was proven. */
async function nothingLeft(fault: Intent, { cluster, signal }: FaultTools): Promise<HealingProof> {
  const what = `no pod of this run is left in ${fault.namespace}`;
  try {
    const found = await cluster.getPod(fault.namespace, fault.name, signal);
    const own = found !== null && ownerOf(found) === ownerOf(fault.manifest) ? found : null;
    const left = await cluster.pods(fault.namespace, signal, `${runLabel}=${ownerOf(fault.manifest)}`);
    const names = [...new Set([...left.map(({ name }) => name), ...(own === null ? [] : [own.metadata.name])])];
    return { type: "healing-proof", what, ok: names.length === 0, detail: names.join(", ") || "none found" };
  } catch (error) {
    return { type: "healing-proof", what, ok: false, detail: messageOf(error) };
  }
}

interface Condition {
  type?: string;
  status?: string;
}

function isReady(pod: KubernetesObject | null): boolean {
  const conditions = (pod?.status?.["conditions"] ?? []) as Condition[];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

function stateOf(pod: KubernetesObject | null): string {
  if (pod === null) return "there is no such pod";
  const { phase, reason, message } = pod.status ?? {};
  const waiting = ((pod.status?.["containerStatuses"] ?? []) as Array<{ state?: { waiting?: { reason?: string } } }>)
    .flatMap(({ state }) => state?.waiting?.reason ?? [])
    .join(", ");
  return [`it is ${String(phase ?? "unknown")}`, reason, message, waiting].filter(Boolean).join(": ");
}
