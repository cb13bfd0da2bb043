import type { ChaosRef, KubernetesObject } from "../../cluster/port.ts";
import { AftershockError } from "../../errors.ts";
import type { StoredFault } from "../../store/faults.ts";
import { readChaos, type ChaosReading } from "../chaos-state.ts";
import { climb } from "../ladder/ladder.ts";
import { pause, until } from "../wait.ts";
import { changedTarget, type ChangedTarget } from "./changed-target.ts";
import type { Change, FaultTools, HealDeadlines, HealingProof, Intent } from "./fault-kind.ts";

/** What every Chaos Mesh kind has in common: the object is the fault, its records say on whom. */

/** A fault that is not active after this long is given up and healed. */
const injectDeadlineMs = 15_000;
/**
 * Chaos Mesh selects once and does not look again, and it tries a failed injection anew: what stays without a target, or
 * failed, for so long does not come any more ("after a few seconds", anchors 3.1; the figure is ours).
 */
const settledAfterMs = 5000;
/** Readings that may pass. */
const passing: ReadonlySet<string> = new Set(["unseen", "injecting", "no-target", "inject-failed"]);

export function refOf(fault: Pick<StoredFault, "kind" | "name" | "namespace">): ChaosRef {
  return { kind: fault.kind, name: fault.name, namespace: fault.namespace };
}

/** Record ids of PodChaos pod-kill and pod-failure, and of NetworkChaos: `namespace/pod` (anchors/chaos-platforms.md 3.1). */
export function podRecordIds({ targets, namespace }: Pick<Intent, "targets" | "namespace">): string[] {
  return [...targets.subject, ...targets.target].map(({ pod }) => `${namespace}/${pod}`);
}

/**
 * Creates the object and waits until the cluster reports every expected record as injected, and no other.
 * Throws AftershockError `inject_failed`; the caller heals in every case.
 */
export async function createAndAwait(
  intent: Intent,
  { cluster, signal }: FaultTools,
  recordIds: readonly string[],
  waits = { deadlineMs: injectDeadlineMs, settledAfterMs },
): Promise<void> {
  await cluster.createChaos(intent.manifest, signal);
  let last: ChaosReading = { state: "unseen", detail: "no status yet" };
  let failingSince: number | null = null;
  const settled = await until(
    async () => {
      const object = await cluster.getChaos(refOf(intent), signal);
      last = object === null ? { state: "unseen", detail: "the object is gone" } : readChaos(object, recordIds);
      if (!passing.has(last.state)) return last;
      if (last.state === "unseen" || last.state === "injecting") failingSince = null;
      else failingSince ??= performance.now();
      return failingSince !== null && performance.now() - failingSince >= waits.settledAfterMs ? last : undefined;
    },
    { deadlineMs: waits.deadlineMs, everyMs: 100, signal },
  );
  if (settled?.state === "active" || settled?.state === "done") return;
  throw new AftershockError(
    "inject_failed",
    `${intent.kind} ${intent.name} did not become active: ${last.state}, ${last.detail}.`,
    `Look at it: kubectl describe ${intent.kind.toLowerCase()} ${intent.name} -n ${intent.namespace}`,
  );
}

/** Set to "true" it heals the fault and keeps the object (anchors/chaos-platforms.md 3.2). */
const pauseAnnotation = "experiment.chaos-mesh.org/pause";
/** A cache of the API server may be behind by so much: what it does not know is asked for once more. */
const cacheBehindMs = 500;

/** What is different in the object's own bookkeeping. */
export async function lookAtObject(
  intent: Intent,
  { cluster, signal }: FaultTools,
  recordIds: readonly string[],
): Promise<Change | null> {
  const read = (): Promise<KubernetesObject | null> => cluster.getChaos(refOf(intent), signal);
  let object = await read();
  if (object === null) {
    await pause(cacheBehindMs, signal);
    object = await read();
  }
  if (object === null) return { what: "somebody deleted the object", run: "fails" };
  if (object.metadata.deletionTimestamp !== undefined) {
    return { what: "somebody is deleting the object", run: "fails" };
  }
  if (object.metadata.annotations?.[pauseAnnotation] === "true") return { what: "somebody paused it", run: "fails" };
  const changed = changedSpec(intent, object);
  if (changed !== null) return { what: `somebody changed the object's ${changed}`, run: "fails" };
  const reading = readChaos(object, recordIds);
  return reading.state === "active"
    ? null
    : { what: `the cluster reports ${reading.state}: ${reading.detail}`, run: "fails" };
}

/**
 * The first field of the spec that is not as it was created; null while all are. What a cluster fills in by default is no
 * change: only what was written is compared.
 */
export function changedSpec(intent: Pick<Intent, "manifest">, object: KubernetesObject): string | null {
  const wanted = intent.manifest.spec ?? {};
  const found = object.spec ?? {};
  return Object.keys(wanted).find((field) => !holds(found[field], wanted[field])) ?? null;
}

/** True when everything in `wanted` is in `found` as well; lists must be alike, entry by entry. */
function holds(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return Object.is(found, wanted);
  if (typeof found !== "object" || found === null || Array.isArray(found) !== Array.isArray(wanted)) return false;
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length !== found.length) return false;
  return Object.entries(wanted).every(([key, value]) => holds((found as Record<string, unknown>)[key], value));
}

/** The first pod that is not the one that was hit, by uid, address and containers; null while all are. */
export async function changedNow(intent: Intent, { cluster, signal }: FaultTools): Promise<ChangedTarget | null> {
  const pods = await cluster.pods(intent.namespace, signal);
  return changedTarget([...intent.targets.subject, ...intent.targets.target], pods);
}

/**
 * That a pod was replaced or has another address, in words; null otherwise. A container that was started anew is no such
 * change: rules of the network are the pod's, and stay.
 */
export async function replacedPod(intent: Intent, tools: FaultTools): Promise<Change | null> {
  const pods = await tools.cluster.pods(intent.namespace, tools.signal);
  const targets = [...intent.targets.subject, ...intent.targets.target].map(({ pod, uid, host }) => ({
    pod,
    uid,
    host,
  }));
  const changed = changedTarget(targets, pods);
  if (changed === null) return null;
  const how = changed.what === "pod" ? "was replaced" : "has another address";
  return { what: `pod ${changed.pod} ${how}, and the fault does not follow it`, run: "fails" };
}

/** Deletes the object and waits until it is gone, which Chaos Mesh allows only when it has healed; else the ladder. */
export function deleteAndAwait(fault: StoredFault, tools: FaultTools, deadlines: HealDeadlines): Promise<HealingProof> {
  return climb(refOf(fault), tools, deadlines);
}
