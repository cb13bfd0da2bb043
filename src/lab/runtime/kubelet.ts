import { timestamp } from "../store/metadata.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError, type ExecRequest, type LabObject, type ObjectStore, type PodRuntime } from "../objects.ts";
import type { AddressBook } from "../network/address-book.ts";
import type { Switch } from "../network/switch.ts";
import { keyOf } from "../store/shelf.ts";
import { startContainer, type Container } from "./container.ts";
import { openDialler } from "./dial.ts";
import { execInSandbox } from "./exec.ts";
import { hostsText } from "./hosts.ts";
import { podFaults, type PodFaults } from "./pod-faults.ts";
import { podFolders } from "./pod-folders.ts";
import { readPodSpec, type ContainerSpec } from "./pod-spec.ts";
import { isOver, overStatus, podStatus, waitingStatus } from "./pod-status.ts";
import { isReady } from "./readiness.ts";
import { recordEvent } from "./record-event.ts";
import type { PodNetworks } from "../systems/sleeper.ts";
import type { RunningPod } from "./running-pod.ts";
import { isStandIn } from "./stand-in.ts";
import { createSandbox } from "./sandbox.ts";
import { serviceAccountMount, serviceVariables, type PodIdentity } from "./service-account.ts";
import { createMountedVolumes, nodeOf, volumesAttached } from "./volumes.ts";

/** How often readiness is looked at; Kubernetes' default is 10 s. */
const readinessEveryMs = 250;
/**
 * Annotation of a pod: how long it waits before it starts after chaos killed a pod of its name, in milliseconds. It
 * stands for a machine that comes back. A pod that was deleted through the API starts at once, as on a real cluster:
 * what takes time there is moving its volume (`controllers/attach-detach.ts`).
 */
export const restartDelayAnnotation = "lab.aftershock.dev/restart-delay-ms";
/** A pod that could not be started is tried again after this long, until it is deleted. */
const startRetryMs = 1000;
/** How often a pod that may not start yet (its namesake still runs, its volume is not attached) looks again. */
const waitStepMs = 25;

export interface Kubelet extends PodRuntime, PodFaults, PodNetworks {
  /** The pod's successor waits as its annotation says (`restartDelayAnnotation`). */
  delaySuccessor(pod: LabObject): void;
  stop(): Promise<void>;
}

/** Makes Pod objects real: starts what is new, restarts what ends, stops what is deleted, writes status. */
export function startKubelet(options: {
  store: ObjectStore;
  network: Switch;
  addresses: AddressBook;
  stateDirectory: string;
  log: (message: string) => void;
  /** As whom a pod speaks to the API server; null: it does not. */
  identityOf?: (pod: LabObject) => PodIdentity | null;
}): Kubelet {
  const { store, network, addresses } = options;
  const pods = new Map<string, RunningPod | "starting">();
  let ports = 0;
  let stopped = false;
  /** `namespace/name` of pods whose successor waits. */
  const delayed = new Set<string>();
  /** By pod uid: which name it holds, from the decision to start it until the last of its processes is gone. */
  const holders = new Map<string, string>();
  const mounted = createMountedVolumes(store);
  const folders = podFolders(options.stateDirectory);

  const writeStatus = (pod: RunningPod): void => {
    const current = store.get(pod.key);
    if (current?.metadata.uid !== pod.uid) return;
    const status = podStatus({
      podIp: pod.ip,
      hostIp: network.subnet.hostAddress,
      startTime: pod.startTime,
      containers: pod.containers.map((container) => {
        const state = container.state();
        return { ...state, ready: state.running && pod.ready.get(state.name) === true };
      }),
    });
    store.update(pod.key, (copy) => void (copy.status = status));
  };

  const start = async (object: LabObject): Promise<void> => {
    const { uid, name, namespace = "default" } = object.metadata;
    const key = { kind: "Pod", namespace, name };
    const fullName = `${namespace}/${name}`;
    pods.set(uid, "starting");
    holders.set(uid, fullName);
    const wanted = (): boolean => {
      const now = store.get(key);
      return !stopped && now?.metadata.uid === uid && now.metadata.deletionTimestamp === undefined;
    };
    /** False: it was deleted meanwhile. */
    const until = async (holds: () => boolean): Promise<boolean> => {
      while (wanted() && !holds()) await sleep(waitStepMs, undefined, { ref: false });
      return wanted();
    };
    try {
      writeWaiting(object);
      const delayMs = delayed.delete(fullName) ? Number(object.metadata.annotations?.[restartDelayAnnotation] ?? 0) : 0;
      const notBefore = performance.now() + delayMs;
      const mayStart = (): boolean =>
        performance.now() >= notBefore &&
        ![...holders].some(([other, otherName]) => otherName === fullName && other !== uid) &&
        volumesAttached(store, object);
      if (!(await until(mayStart))) {
        forget(uid);
        const left = store.get(key);
        if (!stopped && left?.metadata.uid === uid) store.remove(key);
        return;
      }
      mounted.add(object);
      await startPod(object);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      options.log(`pod ${name}: ${reason}`);
      const failed = store.get(key);
      if (failed?.metadata.uid === uid)
        recordEvent(store, failed, {
          type: "Warning",
          reason: "FailedCreatePodSandBox",
          message: reason,
          component: "kubelet",
        });
      setTimeout(() => {
        forget(uid);
        const now = store.get(key);
        if (stopped || now?.metadata.uid !== uid) return;
        if (now.metadata.deletionTimestamp === undefined) void start(now);
        else store.remove(key);
      }, startRetryMs);
    }
  };

  const forget = (uid: string): void => {
    pods.delete(uid);
    holders.delete(uid);
    mounted.remove(uid);
  };

  const writeWaiting = (object: LabObject): void => {
    const { name, namespace = "default", uid } = object.metadata;
    const key = { kind: "Pod", namespace, name };
    if (store.get(key)?.metadata.uid !== uid) return;
    store.update(key, (copy) => void (copy.status = waitingStatus(object, network.subnet.hostAddress)));
  };

  const startPod = async (object: LabObject): Promise<void> => {
    const namespace = object.metadata.namespace ?? "default";
    const { name, uid } = object.metadata;
    const ip = addresses.addressOf(namespace, name);
    const spec = readPodSpec(object, ip);
    const mounts = spec.containers.flatMap((container) =>
      container.volumeMounts.map((mount) => ({
        source: folders.volume({ namespace, name, uid }, spec, mount.name),
        target: mount.mountPath,
        readOnly: mount.readOnly,
      })),
    );
    const identity = options.identityOf?.(object) ?? null;
    const sandbox = await createSandbox({
      name,
      directory: folders.pod(uid),
      mounts: identity === null ? mounts : [...mounts, serviceAccountMount(folders.pod(uid), identity)],
      hosts: hostsText(store),
    });
    ports += 1;
    try {
      await network.plug(sandbox.pid, `pod${ports}`, ip);
    } catch (error) {
      await sandbox.destroy();
      throw error;
    }
    const pod: RunningPod = {
      key: { kind: "Pod", namespace, name },
      uid,
      ip,
      spec,
      sandbox,
      dialler: openDialler(sandbox, uid),
      containers: [],
      startTime: timestamp(Date.now()),
      ready: new Map(),
      timer: setInterval(() => void lookAtReadiness(pod), readinessEveryMs),
      stopping: false,
      beforeExec: new Map(),
      looking: false,
    };
    pods.set(uid, pod);
    for (const container of spec.containers) {
      pod.containers.push(
        startContainer(sandbox, withVariables(container, identity), (what) => {
          if (what === "exited") pod.ready.set(container.name, false);
          setImmediate(() => {
            if (what === "started") event(pod, "Normal", "Started", `Started container ${container.name}`);
            else if (!pod.stopping) event(pod, "Warning", "BackOff", `container ${container.name} ended`);
            writeStatus(pod);
          });
        }),
      );
    }
    const now = store.get(pod.key);
    if (now?.metadata.uid !== uid || now.metadata.deletionTimestamp !== undefined) await stop(pod, now);
    if (spec.activeDeadlineSeconds !== null) {
      setTimeout(() => void expire(pod), spec.activeDeadlineSeconds * 1000).unref();
    }
  };

  /** Ends a pod that has run as long as it may; its object stays, as Failed, until somebody deletes it. */
  const expire = async (pod: RunningPod): Promise<void> => {
    if (pod.stopping) return;
    await end(pod);
    const reason = "DeadlineExceeded";
    const message = "Pod was active on the node longer than the specified deadline";
    event(pod, "Normal", reason, message);
    if (store.get(pod.key)?.metadata.uid !== pod.uid) return;
    store.update(pod.key, (copy) => void (copy.status = { ...copy.status, ...overStatus(reason, message) }));
  };

  const lookAtReadiness = async (pod: RunningPod): Promise<void> => {
    if (pod.looking) return;
    pod.looking = true;
    try {
      await updateReadiness(pod);
    } finally {
      pod.looking = false;
    }
  };

  const updateReadiness = async (pod: RunningPod): Promise<void> => {
    let changed = false;
    for (const container of pod.spec.containers) {
      const running = pod.containers.some((c) => c.state().name === container.name && c.state().running);
      const ready = running && (await isReady(container.readiness, pod.sandbox, pod.ip));
      if (pod.ready.get(container.name) !== ready) changed = true;
      pod.ready.set(container.name, ready);
    }
    if (changed && !pod.stopping) writeStatus(pod);
  };

  const stop = async (pod: RunningPod, object: LabObject | undefined): Promise<void> => {
    if (pod.stopping) return;
    pod.stopping = true;
    clearInterval(pod.timer);
    for (const container of pod.containers) container.retire();
    const graceSeconds = object?.metadata.deletionGracePeriodSeconds ?? 0;
    if (graceSeconds > 0) {
      event(pod, "Normal", "Killing", "Stopping container");
      for (const container of pod.containers) container.signal("SIGTERM");
      const end = performance.now() + graceSeconds * 1000;
      while (performance.now() < end && pod.containers.some((container) => container.state().running)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    await end(pod);
    if (store.get(pod.key)?.metadata.uid === pod.uid) store.remove(pod.key);
  };

  /** Nothing of the pod runs any more, and what it kept in itself is gone. */
  const end = async (pod: RunningPod): Promise<void> => {
    pod.stopping = true;
    clearInterval(pod.timer);
    for (const container of pod.containers) container.retire();
    pod.dialler.close();
    await pod.sandbox.destroy();
    forget(pod.uid);
    folders.forget(pod.uid);
  };

  const event = (pod: RunningPod, type: "Normal" | "Warning", reason: string, message: string): void => {
    const object = store.get(pod.key);
    if (object !== undefined) recordEvent(store, object, { type, reason, message, component: "kubelet" });
  };

  const unwatch = store.watch("Pod", ({ type, object }) => {
    const known = pods.get(object.metadata.uid);
    if (nodeOf(object) === undefined) {
      // Nobody runs it yet, so nobody has to stop it either.
      if (type !== "DELETED" && object.metadata.deletionTimestamp !== undefined) store.remove(keyOf(object));
      return;
    }
    if (type !== "DELETED" && known === undefined && object.metadata.deletionTimestamp === undefined) {
      if (!isOver(object) && !isStandIn(object)) void start(object);
    } else if (known !== undefined && known !== "starting") {
      if (type === "DELETED" || object.metadata.deletionTimestamp !== undefined) void stop(known, object);
    } else if (known === undefined && type !== "DELETED") {
      // Deleted before it ever ran.
      store.remove(keyOf(object));
    }
  });
  const unwatchNames = store.watch("Endpoints", () => {
    const text = hostsText(store);
    for (const pod of pods.values()) if (pod !== "starting") pod.sandbox.setHosts(text);
  });

  const runningPod = (namespace: string, name: string): RunningPod => {
    const object = store.get({ kind: "Pod", namespace, name });
    if (object === undefined) throw new StoreError("NotFound", `pods "${name}" not found`);
    const pod = pods.get(object.metadata.uid);
    if (pod === undefined || pod === "starting") throw new StoreError("Invalid", `pod ${name} is not running`);
    return pod;
  };
  const containerOf = (pod: RunningPod, name: string | undefined): Container => {
    const wanted = name === undefined || name === "" ? pod.spec.containers[0]?.name : name;
    const container = pod.containers.find((candidate) => candidate.state().name === wanted);
    if (container === undefined)
      throw new StoreError("Invalid", `container ${name} is not valid for pod ${pod.key.name}`);
    return container;
  };
  const byObject = (object: LabObject): RunningPod | undefined => {
    const pod = pods.get(object.metadata.uid);
    return pod === "starting" ? undefined : pod;
  };

  return {
    exec: async (request: ExecRequest) => {
      const pod = runningPod(request.namespace, request.pod);
      const container = containerOf(pod, request.container);
      return execInSandbox(pod.sandbox, request, container.env, pod.beforeExec.get(container.state().name));
    },
    dial: async ({ namespace, pod, port }) => runningPod(namespace, pod).dialler.dial(port),
    logs: (request) => containerOf(runningPod(request.namespace, request.pod), request.container).logs.read(request),
    ...podFaults(byObject, folders),
    networkPid: (object) => byObject(object)?.sandbox.pid,
    delaySuccessor: ({ metadata: { namespace = "default", name } }) => void delayed.add(`${namespace}/${name}`),
    stop: async () => {
      unwatch();
      unwatchNames();
      stopped = true;
      const running = [...pods.values()].filter((pod) => pod !== "starting");
      await Promise.all(running.map((pod) => stop(pod, undefined)));
    },
  };
}

function withVariables(container: ContainerSpec, identity: PodIdentity | null): ContainerSpec {
  return identity === null ? container : { ...container, env: { ...serviceVariables(identity), ...container.env } };
}
