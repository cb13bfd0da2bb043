import type { ChaosRef, Cluster, KubernetesObject } from "../cluster/port.ts";
import { AftershockError } from "../errors.ts";
import type { PodAddress } from "../probes/system.ts";
import { insertFault, setFaultState, type FaultTarget, type StoredFault } from "../store/faults.ts";
import type { Database } from "../store/database.ts";
import { readChaos, type ChaosReading } from "./chaos-state.ts";
import { faultObject, isOneShot } from "./fault-manifest.ts";
import type { Journal } from "./journal.ts";
import type { Plan, PlannedFault } from "./plan.ts";
import { until } from "./wait.ts";

/** A fault that is not active after this long is given up and healed. */
const injectDeadlineMs = 15_000;

export type Intent = Omit<StoredFault, "state">;

/** What is stored before anything is created: enough for another process to heal and to prove it. */
export function intentOf(runId: string, plan: Plan, fault: PlannedFault, pods: readonly PodAddress[]): Intent {
  const object = faultObject(fault, plan.namespace, runId);
  const identify = (names: readonly string[]): FaultTarget[] =>
    names.map((name) => {
      const pod = pods.find((candidate) => candidate.name === name);
      if (pod === undefined) {
        throw new AftershockError("no_targets", `Pod ${name} is gone.`, "Look at the pods and ask for the run again.");
      }
      return { pod: name, uid: pod.uid, host: pod.host };
    });
  return {
    faultId: fault.id,
    cluster: plan.cluster,
    kind: fault.kind,
    namespace: plan.namespace,
    name: object.metadata.name,
    manifest: object,
    targets: { subject: identify(fault.subject), target: identify(fault.target) },
  };
}

/** Moves the run to `injecting` and stores all intents with it, in one transaction. */
export async function storeIntents(
  journal: Journal,
  runId: string,
  intents: readonly Intent[],
  atMs: number,
): Promise<void> {
  await journal.move("injecting", {
    atMs,
    events: intents.map((intent) => ({
      type: "fault-intended",
      fault: intent.faultId,
      kind: intent.kind,
      name: intent.name,
      namespace: intent.namespace,
      pods: [...intent.targets.subject, ...intent.targets.target].map((target) => target.pod),
    })),
    also: async (client) => {
      for (const intent of intents) await insertFault(client, runId, intent);
    },
  });
}

/**
 * Creates one fault and waits until the cluster reports every approved pod as injected, and no other.
 * Throws AftershockError `inject_failed`; the caller heals in every case.
 */
export async function inject(
  cluster: Cluster,
  database: Database,
  runId: string,
  intent: Intent,
  signal: AbortSignal,
): Promise<void> {
  await cluster.createChaos(intent.manifest, signal);
  const ref = refOf(intent);
  let last: ChaosReading = { state: "no-target", detail: "no status yet" };
  const settled = await until(
    async () => {
      const object = await cluster.getChaos(ref, signal);
      last =
        object === null ? { state: "no-target", detail: "the object is gone" } : readChaos(object, recordIds(intent));
      return last.state === "injecting" || last.state === "no-target" ? undefined : last;
    },
    { deadlineMs: injectDeadlineMs, everyMs: 100, signal },
  );
  if (settled?.state !== "active") {
    throw new AftershockError(
      "inject_failed",
      `${intent.kind} ${intent.name} did not become active: ${last.state}, ${last.detail}.`,
      `Look at it: kubectl describe ${intent.kind.toLowerCase()} ${intent.name} -n ${intent.namespace}`,
    );
  }
  await setFaultState(database, runId, intent.faultId, "injected");
}

/** The action of a fault's object, e.g. `partition` or `pod-kill`. */
export function actionOf(intent: Pick<Intent, "manifest">): string {
  return String(intent.manifest.spec?.["action"] ?? "");
}

/** True for a kill: it is over once injected, and its pods are replaced on purpose. */
export function wasOneShot(intent: Pick<Intent, "kind" | "manifest">): boolean {
  return isOneShot(intent.kind, intent.manifest.spec ?? {});
}

/** Null while the fault is as injected; otherwise what is different, e.g. that it ended by itself. */
export async function lookAtFault(cluster: Cluster, intent: Intent, signal: AbortSignal): Promise<string | null> {
  if (wasOneShot(intent)) return null;
  const object: KubernetesObject | null = await cluster.getChaos(refOf(intent), signal);
  if (object === null) return "somebody deleted the object";
  const reading = readChaos(object, recordIds(intent));
  if (reading.state !== "active") return `the cluster reports ${reading.state}: ${reading.detail}`;
  const pods = await cluster.pods(intent.namespace, signal);
  const changed = [...intent.targets.subject, ...intent.targets.target].find((target) => {
    const pod = pods.find((candidate) => candidate.name === target.pod);
    return pod?.uid !== target.uid || pod.host !== target.host;
  });
  return changed === undefined ? null : `pod ${changed.pod} was replaced, and the fault does not follow it`;
}

export function refOf(fault: Pick<StoredFault, "kind" | "name" | "namespace">): ChaosRef {
  return { kind: fault.kind, name: fault.name, namespace: fault.namespace };
}

/** Record ids of PodChaos pod-kill, pod-failure and NetworkChaos: `namespace/pod`. */
function recordIds(intent: Intent): string[] {
  return [...intent.targets.subject, ...intent.targets.target].map((target) => `${intent.namespace}/${target.pod}`);
}
