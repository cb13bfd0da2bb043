import { rmSync } from "node:fs";
import { join } from "node:path";
import type { PodSpec } from "./pod-spec.ts";

/** Where pods and their volumes are on this machine. */
export interface PodFolders {
  pod(uid: string): string;
  /** The root of the pod's own file system. */
  root(uid: string): string;
  /** A volume: a folder of this machine, one that goes with the pod, or one that stays for its claim. */
  volume(pod: { namespace: string; name: string; uid: string }, spec: PodSpec, volume: string): string;
  /** Removes what goes with the pod. */
  forget(uid: string): void;
}

export function podFolders(stateDirectory: string): PodFolders {
  const pod = (uid: string): string => join(stateDirectory, "pods", uid);
  const emptyDirs = (uid: string): string => join(pod(uid), "empty");
  return {
    pod,
    root: (uid) => join(pod(uid), "root"),
    volume: ({ namespace, name, uid }, spec, volume) => {
      const hostPath = spec.hostPaths[volume];
      if (hostPath !== undefined) return hostPath;
      if (spec.emptyDirs.includes(volume)) return join(emptyDirs(uid), volume);
      return join(stateDirectory, "volumes", namespace, spec.claims[volume] ?? `${name}-${volume}`);
    },
    forget: (uid) => rmSync(emptyDirs(uid), { recursive: true, force: true }),
  };
}
