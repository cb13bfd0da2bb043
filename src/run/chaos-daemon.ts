import type { ChaosMeshPod } from "../cluster/port.ts";

/** The daemon of a node; where one replaces another, the one that is ready. Pure. */
export function daemonOn(daemons: readonly ChaosMeshPod[], node: string): ChaosMeshPod | undefined {
  const own = daemons.filter((daemon) => daemon.node === node);
  return own.find(({ ready }) => ready) ?? own[0];
}
