import type { KubernetesObject } from "../cluster/port.ts";

/** What of a pod's description decides whether Chaos Mesh can inject into it. All pure. */

type Json = Readonly<Record<string, unknown>>;

/**
 * Why an IOChaos with this spec would not reach a pod: a container that is none of `spec.containers` yields no record
 * (init containers are not considered), and `volumePath` must equal a mountPath of it. Null when it would.
 */
export function mountProblem(pod: KubernetesObject, spec: Json): string | null {
  const { name } = pod.metadata;
  const containers = objects(pod.spec?.["containers"]);
  const named = texts(spec["containerNames"]);
  const wanted = String(spec["volumePath"] ?? "");
  for (const each of named) {
    const container = containers.find((candidate) => candidate["name"] === each);
    if (container === undefined) {
      const all = containers.map((candidate) => String(candidate["name"])).join(", ");
      return `${name} has no container ${each} (it has ${all || "none"})`;
    }
    const paths = objects(container["volumeMounts"]).map(({ mountPath }) => withoutSlash(String(mountPath)));
    if (!paths.includes(wanted)) {
      return `container ${each} of ${name} mounts ${paths.join(", ") || "nothing"}, not ${wanted}`;
    }
  }
  return named.length === 0 ? `no container of ${name} is named` : null;
}

/** Why a NetworkChaos may not have this pod on either side; null when it may. */
export function hostNetworkProblem(pod: KubernetesObject): string | null {
  return pod.spec?.["hostNetwork"] === true ? `${pod.metadata.name} uses its node's network (hostNetwork)` : null;
}

/**
 * Sources (`namespace/name`) of what a PodIOChaos injects, but for objects that a run's name stands before. A child that
 * is not there, or was emptied, injects nothing.
 */
export function foreignActions(child: KubernetesObject | null, runId: string): string[] {
  const sources = objects(child?.spec?.["actions"]).map(({ source }) => String(source ?? "an unknown object"));
  return [...new Set(sources)].filter((source) => !(source.split("/")[1] ?? "").startsWith(`${runId}-`));
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

function objects(value: unknown): Json[] {
  return Array.isArray(value)
    ? value.filter((entry): entry is Json => typeof entry === "object" && entry !== null)
    : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
