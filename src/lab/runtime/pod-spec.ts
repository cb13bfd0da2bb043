import type { LabObject } from "../objects.ts";

/** The parts of a pod's spec that the lab runs. Everything else is kept and shown, and does nothing. */
export interface ContainerSpec {
  name: string;
  command: string[];
  env: Record<string, string>;
  readiness: ReadinessSpec | null;
  volumeMounts: Array<{ name: string; mountPath: string; readOnly: boolean }>;
}

export type ReadinessSpec = { tcpPort: number } | { command: string[] };

export interface PodSpec {
  containers: ContainerSpec[];
  /** Volume name to claim name. */
  claims: Record<string, string>;
  /** Volume name to a folder of this machine (`hostPath`): programs that are no part of the system. */
  hostPaths: Record<string, string>;
  /** Volumes that begin empty and go with the pod. */
  emptyDirs: string[];
  terminationGracePeriodSeconds: number;
  /** The pod may not run longer than this; null: as long as it likes. */
  activeDeadlineSeconds: number | null;
}

/** Reads a pod's spec. `podIp` fills `valueFrom.fieldRef` of `status.podIP`. */
export function readPodSpec(pod: LabObject, podIp: string): PodSpec {
  const spec = pod.spec ?? {};
  const fields: Record<string, string> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace ?? "default",
    "status.podIP": podIp,
  };
  return {
    containers: asList(spec["containers"]).map((container) => ({
      name: text(container["name"]),
      command: [...texts(container["command"]), ...texts(container["args"])],
      env: environment(asList(container["env"]), fields),
      readiness: readiness(record(container["readinessProbe"])),
      volumeMounts: asList(container["volumeMounts"]).map((mount) => ({
        name: text(mount["name"]),
        mountPath: text(mount["mountPath"]),
        readOnly: mount["readOnly"] === true,
      })),
    })),
    claims: volumesBy(spec, "persistentVolumeClaim", "claimName"),
    hostPaths: volumesBy(spec, "hostPath", "path"),
    emptyDirs: asList(spec["volumes"]).flatMap((volume) =>
      volume["emptyDir"] === undefined ? [] : [text(volume["name"])],
    ),
    terminationGracePeriodSeconds: Number(spec["terminationGracePeriodSeconds"] ?? 30),
    activeDeadlineSeconds: spec["activeDeadlineSeconds"] === undefined ? null : Number(spec["activeDeadlineSeconds"]),
  };
}

/** The volumes of one kind: name to what `field` says. */
function volumesBy(spec: Record<string, unknown>, kind: string, field: string): Record<string, string> {
  return Object.fromEntries(
    asList(spec["volumes"]).flatMap((volume) => {
      const value = record(volume[kind])[field];
      return typeof value === "string" ? [[text(volume["name"]), value]] : [];
    }),
  );
}

/**
 * Variables of a container. `$(NAME)` in a value is one that stands before it, and stays as it is without one; `$$(NAME)` is
 * `$(NAME)` itself (Kubernetes API, EnvVar).
 */
function environment(entries: Array<Record<string, unknown>>, fields: Record<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const entry of entries) {
    const value = envValue(entry, fields);
    env[text(entry["name"])] = value.replaceAll(/\$(\$|\(([-._a-zA-Z0-9]+)\))/g, (all, what: string, name?: string) =>
      what === "$" ? "$" : (env[name ?? ""] ?? all),
    );
  }
  return env;
}

function envValue(entry: Record<string, unknown>, fields: Record<string, string>): string {
  const path = record(record(entry["valueFrom"])["fieldRef"])["fieldPath"];
  return typeof path === "string" ? (fields[path] ?? "") : text(entry["value"]);
}

function readiness(probe: Record<string, unknown>): ReadinessSpec | null {
  const port = record(probe["tcpSocket"])["port"];
  if (typeof port === "number") return { tcpPort: port };
  const command = texts(record(probe["exec"])["command"]);
  return command.length > 0 ? { command } : null;
}

/** A value as a plain record; anything else is an empty one. */
export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function asList(value: unknown): Array<Record<string, unknown>> {
  return Array.isArray(value) ? value.map(record) : [];
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/**
 * The tolerations that every pod is given which has none of its own for a node that stops answering: it stays bound to
 * that node for 300 s (admission plugin DefaultTolerationSeconds).
 */
export function withDefaultTolerations(spec: Record<string, unknown>): Record<string, unknown> {
  const own = asList(spec["tolerations"]);
  const added = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
    .filter((key) => !own.some((toleration) => toleration["key"] === key))
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  return { ...spec, tolerations: [...own, ...added] };
}
