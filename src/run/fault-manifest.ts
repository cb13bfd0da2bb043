import { apiVersion, runLabel } from "../cluster/kinds.ts";
import type { KubernetesObject } from "../cluster/port.ts";
import type { Experiment, ParameterValue } from "../experiment/schema.ts";
import { formatDuration } from "../experiment/duration.ts";
import { insertParameters } from "../experiment/insert-parameters.ts";
import { AftershockError } from "../errors.ts";
import { emptyGroup, type Groups } from "./empty-group.ts";
import { refuseEverything, refuseNamespace, refuseUnpinned } from "./fault-reach.ts";
import { specProblem } from "./fault-spec.ts";
import { faultKindOf } from "./faults/table.ts";
import { canonicalJson, type PlannedFault } from "./plan.ts";

/**
 * The cluster ends the fault by itself this long after we should have: the dead-man's switch. Chaos Mesh counts
 * `duration` from the object's creation, with one-second resolution, so the margin also covers slow injection.
 */
export const deadManMarginMs = 10_000;

type FaultDefinition = Experiment["faults"][number];

/**
 * Resolves a fault of an experiment against the groups that the system reports and the run's parameters (`inserts`, see
 * `insertable`). Targets are pinned by pod name:
 * label selectors lag a failover (anchors: Chaos Mesh ignores all other selectors when `pods` is set).
 * Throws AftershockError `no_targets` for a group that is unknown or empty, `system_unreachable` for one that members who
 * did not answer may belong to, `bad_experiment` for a spec that its kind
 * does not take, `not_allowed` for one that would reach too far (fault-reach.ts).
 */
export function planFault(
  definition: FaultDefinition,
  topology: Groups,
  namespace: string,
  durationMs: number,
  inserts: Readonly<Record<string, ParameterValue>> = {},
): PlannedFault {
  const fault = insertParameters(definition, inserts);
  const problem = specProblem(fault.kind, fault.spec);
  if (problem !== null) {
    throw new AftershockError(
      "bad_experiment",
      `The fault "${fault.title}" cannot be planned: ${problem}.`,
      "Correct the parameter that it comes from, or the experiment's file in jobs/.",
    );
  }
  const subject = resolve(fault, fault.subject, topology, namespace);
  const target = resolve(fault, fault.target, topology, namespace);
  refuseEverything({ ...fault, subject, target }, topology.groups);
  const planned: PlannedFault = {
    id: fault.id,
    title: fault.title,
    kind: fault.kind,
    subject,
    target,
    durationMs,
    spec: {
      ...fault.spec,
      mode: "all",
      selector: pinned(namespace, subject),
      ...(target.length === 0 ? {} : { target: { mode: "all", selector: pinned(namespace, target) } }),
      ...(faultKindOf(fault.kind).isOneShot(fault.spec)
        ? {}
        : { duration: formatDuration(durationMs + deadManMarginMs) }),
    },
  };
  refuseUnpinned(planned, namespace);
  return planned;
}

/**
 * The object to create for a planned fault. Its name says whose it is; the run label lets any worker find it. Throws
 * AftershockError `not_allowed` for one that reaches too far.
 */
export function faultObject(fault: PlannedFault, namespace: string, runId: string): KubernetesObject {
  refuseNamespace(namespace);
  refuseUnpinned(fault, namespace);
  return {
    apiVersion,
    kind: fault.kind,
    metadata: {
      name: `${runId}-${fault.id}`,
      namespace,
      labels: { [runLabel]: runId, "app.kubernetes.io/managed-by": "aftershock" },
    },
    spec: { ...fault.spec },
  };
}

/** True when two plans would hit the same pods, and whatever else their kinds resolved. */
export function sameTargets(a: readonly PlannedFault[], b: readonly PlannedFault[]): boolean {
  const pods = (faults: readonly PlannedFault[]): string =>
    canonicalJson(
      faults.map(({ id, subject, target, resolved }) => [id, subject.toSorted(), target.toSorted(), resolved ?? {}]),
    );
  return pods(a) === pods(b);
}

function pinned(namespace: string, pods: readonly string[]): Record<string, unknown> {
  return { namespaces: [namespace], pods: { [namespace]: [...pods] } };
}

function resolve(fault: FaultDefinition, names: readonly string[], topology: Groups, namespace: string): string[] {
  // A pod may be in two groups, e.g. a replica that also runs a Sentinel.
  const all = names.flatMap((name) => {
    const pods = Object.hasOwn(topology.groups, name) ? topology.groups[name] : undefined;
    if (pods === undefined || pods.length === 0) {
      throw emptyGroup(`The fault "${fault.title}"`, name, topology, namespace);
    }
    return pods;
  });
  return [...new Set(all)];
}
