import type { ChaosMeshPod } from "../cluster/port.ts";
import type { PodAddress } from "../probes/system.ts";

/** The daemon of a node; where one replaces another, the one that is ready. Pure. */
export function daemonOn(daemons: readonly ChaosMeshPod[], node: string): ChaosMeshPod | undefined {
  const own = daemons.filter((daemon) => daemon.node === node);
  return own.find(({ ready }) => ready) ?? own[0];
}

/** The nodes on which those pods are; one that has gone says nothing of the daemon that served it. Pure. */
export function nodesWith(pods: readonly PodAddress[], names: readonly string[]): string[] {
  return [...new Set(pods.flatMap(({ name, node }) => (node !== undefined && names.includes(name) ? [node] : [])))];
}
