import { holds } from "../label-requirement.ts";
import type { LabObject } from "../objects.ts";
import { asList, record } from "../runtime/pod-spec.ts";

/**
 * Why a node cannot take a pod, in kube-scheduler's words; null when it can. Looked at: cordon, the pod's nodeSelector,
 * and the node affinity of its volumes (operators In, NotIn, Exists, DoesNotExist). Room is not: the lab's machine is one.
 */
export function whyNot(node: LabObject, pod: LabObject, volumes: readonly LabObject[]): string | null {
  if (node.spec?.["unschedulable"] === true && !toleratesCordon(pod)) return "node(s) were unschedulable";
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(record(pod.spec?.["nodeSelector"]));
  if (wanted.some(([key, value]) => labels[key] !== value)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  return volumes.every((volume) => volumeFits(volume, labels)) ? null : "node(s) had volume node affinity conflict";
}

function toleratesCordon(pod: LabObject): boolean {
  return asList(pod.spec?.["tolerations"]).some(
    ({ key, operator, effect }) =>
      (key === "node.kubernetes.io/unschedulable" || (key === undefined && operator === "Exists")) &&
      (effect === undefined || effect === "NoSchedule"),
  );
}

/** Terms are alternatives; the expressions of one term must all hold (Kubernetes API, NodeSelector). */
function volumeFits(volume: LabObject, labels: Readonly<Record<string, string>>): boolean {
  const required = record(volume.spec?.["nodeAffinity"])["required"];
  if (required === undefined) return true;
  return asList(record(required)["nodeSelectorTerms"]).some((term) =>
    asList(term["matchExpressions"]).every((expression) => holds(expression, labels)),
  );
}
