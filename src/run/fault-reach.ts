import { AftershockError } from "../errors.ts";
import { dnsLabel } from "./fault-spec.ts";
import type { PlannedFault } from "./plan.ts";

/**
 * How far a fault may reach, whatever an experiment, a person or a cluster says: never into the namespaces that a
 * cluster itself lives in, never at every pod of a system, and only at pods that are named one by one.
 */

/** A cluster's own namespaces, and those of the injector: a fault there also hits what would heal it. */
const clusterNamespaces: readonly string[] = [
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "chaos-mesh",
  "chaos-testing",
];

/** Names of pods (RFC 1123 subdomain). */
const podName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * Throws AftershockError `not_allowed` for a namespace that no run may touch, and `bad_parameter` for what is no
 * namespace. `alsoProtected`: the bot's own.
 */
export function refuseNamespace(namespace: string, alsoProtected: readonly string[] = []): void {
  if (!dnsLabel.test(namespace)) {
    throw new AftershockError(
      "bad_parameter",
      `"${namespace}" is no namespace: a name has lower-case letters, digits and dashes.`,
      "See the namespaces there are: kubectl get namespaces",
    );
  }
  const own = alsoProtected.includes(namespace);
  if (!own && !clusterNamespaces.includes(namespace)) return;
  throw new AftershockError(
    "not_allowed",
    `No run may touch the namespace ${namespace}: ${own ? "Aftershock itself, or what injects and heals, lives in it" : "the cluster, or what injects and heals, lives in it"}.`,
    "Choose the namespace of the system with namespace=",
  );
}

/**
 * Throws AftershockError `not_allowed` for a fault that would hit every pod that the system reports, or a pod on both
 * of its sides. `groups`: the system's, by name.
 */
export function refuseEverything(
  fault: Pick<PlannedFault, "title" | "kind" | "subject" | "target">,
  groups: Readonly<Record<string, readonly string[]>>,
): void {
  // It makes a pod of the run's own, and does nothing to its subject.
  if (fault.kind === "ScratchPostgres") return;
  const all = new Set(Object.values(groups).flat());
  const hit = new Set(fault.subject);
  const twice = fault.target.find((pod) => hit.has(pod));
  if (twice !== undefined) throw tooWide(fault, `has the pod ${twice} on both of its sides`);
  if (fault.kind === "NetworkChaos" && fault.target.length === 0) {
    throw tooWide(
      fault,
      "names nobody to be cut off from, which cuts its pods off from everything, their node included",
    );
  }
  // A system of one pod has no other; its guards say whether it may be hit.
  if (all.size > 1 && [...all].every((pod) => hit.has(pod))) {
    throw tooWide(fault, `would hit every pod of the system (${all.size}), and nothing would be left to observe`);
  }
}

/** Kinds that take a pod or its volume; a partition leaves both. */
const takesPods: readonly string[] = ["PodChaos", "PodDelete", "IOChaos"];

/**
 * Throws AftershockError `not_allowed` where a run's faults together would take every pod that holds the system's data, though
 * others, such as Sentinels, were left. `holders`: those pods; a system of one has no other.
 */
export function refuseEveryHolder(
  faults: ReadonlyArray<Pick<PlannedFault, "title" | "kind" | "subject">>,
  holders: readonly string[],
): void {
  const taking = faults.filter(({ kind }) => takesPods.includes(kind));
  const taken = new Set(taking.flatMap(({ subject }) => subject));
  if (holders.length < 2 || !holders.every((pod) => taken.has(pod))) return;
  const title = taking.map((fault) => fault.title).join('" with "');
  throw tooWide({ title }, `would take every pod that holds data (${holders.join(", ")})`);
}

/**
 * Throws AftershockError `not_allowed` for two IOChaos on one pod: Chaos Mesh keeps one volume and one container a pod, so
 * that the second overwrites the first (anchors/chaos-platforms.md 3.4).
 */
export function refuseSecondIoFault(faults: readonly Pick<PlannedFault, "title" | "kind" | "subject">[]): void {
  const taken = new Map<string, string>();
  for (const { title, kind, subject } of faults) {
    for (const pod of kind === "IOChaos" ? subject : []) {
      const first = taken.get(pod);
      if (first !== undefined) {
        throw tooWide(
          { title },
          `would overwrite the fault "${first}": Chaos Mesh keeps one IOChaos a pod, and both hit ${pod}`,
        );
      }
      taken.set(pod, title);
    }
  }
}

/**
 * Throws AftershockError `not_allowed` for a spec whose selector is not a list of pods in the run's namespace: Chaos
 * Mesh takes an empty selector for every pod. Asked when a fault is planned and again when its object is made, since a
 * plan may come from the database of another version.
 */
export function refuseUnpinned({ title, spec }: Pick<PlannedFault, "title" | "spec">, namespace: string): void {
  const sides = [spec, ...(spec["target"] === undefined ? [] : [spec["target"]])];
  if (sides.every((side) => isPinned(side, namespace))) return;
  throw tooWide({ title }, "does not name its pods one by one, and could hit any");
}

function isPinned(side: unknown, namespace: string): boolean {
  if (!isRecord(side) || side["mode"] !== "all" || !isRecord(side["selector"])) return false;
  const { namespaces, pods, ...others } = side["selector"];
  if (Object.keys(others).length > 0 || !isRecord(pods)) return false;
  const [only, ...more] = Object.keys(pods);
  const names = pods[namespace];
  return (
    only === namespace &&
    more.length === 0 &&
    Array.isArray(namespaces) &&
    namespaces.length === 1 &&
    namespaces[0] === namespace &&
    Array.isArray(names) &&
    names.length > 0 &&
    names.every((name) => typeof name === "string" && podName.test(name))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tooWide({ title }: { title: string }, why: string): AftershockError {
  return new AftershockError(
    "not_allowed",
    `The fault "${title}" ${why}. It was not planned.`,
    "Narrow subject and target of the fault in the experiment's file (CONTRIBUTING.md, An experiment).",
  );
}
