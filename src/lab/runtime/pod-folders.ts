import { rmSync } from "node:fs";
import { join } from "node:path";
import type { PodSpec } from "./pod-spec.ts";

/** Where on this machine a pod's volumes are. */
export interface PodFolders {
  source(pod: { namespace: string; name: string; uid: string }, spec: PodSpec, volume: string): string;
  /** Removes what only the pod itself had (`emptyDir`). */
  forget(uid: string): void;
}

export function createPodFolders(stateDirectory: string): PodFolders {
  const emptyDirs = (uid: string): string => join(stateDirectory, "pods", uid, "empty");
  return {
    source: ({ namespace, name, uid }, spec, volume) =>
      spec.emptyDirs.includes(volume)
        ? join(emptyDirs(uid), volume)
        : (spec.hostPaths[volume] ??
          join(stateDirectory, "volumes", namespace, spec.claims[volume] ?? `${name}-${volume}`)),
    forget: (uid) => rmSync(emptyDirs(uid), { recursive: true, force: true }),
  };
}
