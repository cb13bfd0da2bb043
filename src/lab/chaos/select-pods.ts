import type { LabObject } from "../objects.ts";
import { holds } from "../label-requirement.ts";
import { asList, record, texts } from "../runtime/pod-spec.ts";

/**
 * Chaos Mesh's selection (anchors/chaos-platforms.md 3.4): with `pods` all other selectors are ignored and missing
 * pods are skipped silently; empty `namespaces` means the object's own; then `mode` narrows what matched.
 * `random` is in [0, 1).
 */
export function selectPods(
  spec: Record<string, unknown>,
  ownNamespace: string,
  pods: readonly LabObject[],
  nodes: readonly LabObject[],
  random: () => number,
): LabObject[] {
  const selector = record(spec["selector"]);
  const named = record(selector["pods"]);
  const matching =
    Object.keys(named).length > 0
      ? pods.filter((pod) => texts(named[namespaceOf(pod)]).includes(pod.metadata.name))
      : pods.filter((pod) => matches(pod, selector, ownNamespace, nodes));
  return narrow(matching, String(spec["mode"]), Number(spec["value"] ?? 0), random);
}

function matches(
  pod: LabObject,
  selector: Record<string, unknown>,
  ownNamespace: string,
  allNodes: readonly LabObject[],
): boolean {
  const nodeLabels = record(selector["nodeSelectors"]);
  const node = allNodes.find((candidate) => candidate.metadata.name === pod.spec?.["nodeName"]);
  const namespaces = texts(selector["namespaces"]);
  const phases = texts(selector["podPhaseSelectors"]);
  const nodes = texts(selector["nodes"]);
  return (
    (namespaces.length === 0 ? [ownNamespace] : namespaces).includes(namespaceOf(pod)) &&
    hasAll(pod.metadata.labels, record(selector["labelSelectors"])) &&
    hasAll(pod.metadata.annotations, record(selector["annotationSelectors"])) &&
    asList(selector["expressionSelectors"]).every((expression) => holds(expression, pod.metadata.labels ?? {})) &&
    Object.entries(record(selector["fieldSelectors"])).every(([path, value]) => field(pod, path) === value) &&
    (phases.length === 0 || phases.includes(String(pod.status?.["phase"]))) &&
    (nodes.length === 0 || nodes.includes(String(pod.spec?.["nodeName"]))) &&
    hasAll(node?.metadata.labels, nodeLabels)
  );
}

function hasAll(actual: Record<string, string> | undefined, wanted: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([key, value]) => actual?.[key] === value);
}

function field(pod: LabObject, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => record(value)[key], pod);
}

function narrow(pods: readonly LabObject[], mode: string, value: number, random: () => number): LabObject[] {
  const shuffled = pods.map((pod) => ({ pod, at: random() })).toSorted((a, b) => a.at - b.at);
  const take = (count: number): LabObject[] => shuffled.slice(0, Math.max(0, count)).map(({ pod }) => pod);
  switch (mode) {
    case "one":
      return take(1);
    case "all":
      return [...pods];
    case "fixed":
      return take(value);
    case "fixed-percent":
      return take(Math.floor((pods.length * value) / 100));
    case "random-max-percent":
      return take(Math.floor((pods.length * Math.floor(random() * (value + 1))) / 100));
    default:
      return [];
  }
}

function namespaceOf(pod: LabObject): string {
  return pod.metadata.namespace ?? "default";
}
