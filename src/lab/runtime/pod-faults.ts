import type { LabObject } from "../objects.ts";
import type { BeforeExec } from "./exec.ts";
import type { PodFolders } from "./pod-folders.ts";
import { childrenOf } from "./processes.ts";
import type { RunningPod } from "./running-pod.ts";

/** The volumes of a running container, and the processes that use them. */
export interface ContainerStorage {
  /** Where each volume is in the container, and on this machine. */
  volumes: ReadonlyArray<{ mountPath: string; source: string }>;
  /** Where the pod's root is on this machine. */
  root: string;
  /** The container's first process, and those that its processes started and left; what they started is not listed. */
  processes(): number[];
}

/** What the chaos controllers may do to a running pod. */
export interface PodFaults {
  /** Command line that runs a program in the network namespace of that very pod; undefined if it is not running. */
  enterNetwork(pod: LabObject): ((command: readonly string[]) => string[]) | undefined;
  killContainers(pod: LabObject, names: readonly string[]): void;
  /** Undefined while the container is down. */
  storage(pod: LabObject, container: string): ContainerStorage | undefined;
  /** Asks `before` about every command that `exec` runs in the container, before it begins; null: no more. */
  beforeExec(pod: LabObject, container: string, before: BeforeExec | null): void;
  hold(pod: LabObject): void;
  release(pod: LabObject): void;
}

/** The faults of the pods that `find` knows to run. */
export function podFaults(find: (pod: LabObject) => RunningPod | undefined, folders: PodFolders): PodFaults {
  return {
    enterNetwork: (object) => {
      const pod = find(object);
      return pod === undefined
        ? undefined
        : (command) => ["nsenter", "-t", String(pod.sandbox.pid), "-n", "--", ...command];
    },
    killContainers: (object, names) => {
      for (const container of find(object)?.containers ?? []) {
        if (names.length === 0 || names.includes(container.state().name)) container.signal("SIGKILL");
      }
    },
    storage: (object, name) => {
      const pod = find(object);
      const container = pod?.containers.find((candidate) => candidate.state().name === name);
      const spec = pod?.spec.containers.find((candidate) => candidate.name === name);
      if (pod === undefined || container?.pid() === undefined || spec === undefined) return undefined;
      return {
        volumes: spec.volumeMounts.map((mount) => ({
          mountPath: mount.mountPath,
          source: folders.volume({ ...pod.key, uid: pod.uid }, pod.spec, mount.name),
        })),
        root: folders.root(pod.uid),
        processes: () => {
          const pid = container.pid();
          // What a container's process started and left (a daemon, e.g. PostgreSQL under Patroni) belongs to the
          // pod's first process then, which itself does nothing.
          return pid === undefined ? [] : [pid, ...childrenOf(pod.sandbox.pid)];
        },
      };
    },
    beforeExec: (object, name, before) => {
      const pod = find(object);
      if (before === null) pod?.beforeExec.delete(name);
      else pod?.beforeExec.set(name, before);
    },
    hold: (object) => find(object)?.containers.forEach((container) => container.hold()),
    release: (object) => find(object)?.containers.forEach((container) => container.release()),
  };
}
