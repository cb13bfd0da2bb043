import { uncutLock } from "../../probes/patroni/lock-object.ts";
import type { TargetSystem } from "../parts.ts";
import type { PartAccess } from "../target.ts";

/**
 * What an operator or a chart calls its pods, Secrets and ports, so that a target needs only the name of its instance.
 * Pure: nothing is asked of a cluster. What could not be read in the operator's own source is not in it.
 */
export interface Preset {
  /** As `preset:` of a target names it. */
  name: string;
  /** Whose, for people. */
  title: string;
  /** The repository and version in which its names were read. */
  source: string;
  systems: readonly TargetSystem[];
  /** Experiments on these systems that would not ask here what they ask elsewhere, by name, with the reason. */
  unfit: Readonly<Record<string, string>>;
  /** How clients may speak to it; the first is what it does unless told otherwise. */
  transports: readonly [Transport, ...Transport[]];
  /** Whether `user:` of a target picks the Secret with the login. */
  user: "picks the Secret" | "is always the same";
  /** What is configured when nothing else is written. */
  of(instance: PresetInstance): PresetValues;
  /** The instance that a pod with these labels is of; null: none of its kind. */
  recognise(labels: Readonly<Record<string, string>>): string | null;
}

export type Transport = "plain" | "tls";
export const transports = ["plain", "tls"] as const satisfies readonly Transport[];

/** A DNS label (kubernetes.io, Object Names and IDs): most of what an instance has is called by its name. */
export const instanceName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export interface PresetInstance {
  /** The custom resource's name, or the Helm release's. */
  instance: string;
  transport: Transport;
  /** Whose login is used; undefined: the one that the operator makes by itself, if it makes one. */
  user: string | undefined;
}

export interface PresetValues {
  selectors: Readonly<Record<string, string>>;
  parameters: Readonly<Record<string, string | number>>;
  access: Readonly<Record<string, PartAccess>>;
}

/** Of PostgreSQL whose Patroni keeps its lock in the Kubernetes API; the words with which planning refuses them, too. */
export const lockInKubernetes = { "patroni-partition": uncutLock, "patroni-zone-partition": uncutLock } as const;

/** A selector of these labels, as kubectl takes it. */
export function labelled(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** TLS settings where the transport asks for them. */
export function tlsWhen(transport: Transport, tls: PartAccess["tls"]): Pick<PartAccess, "tls"> {
  return transport === "tls" ? { tls } : {};
}
