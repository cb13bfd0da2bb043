import type { LabObject, ObjectStore } from "../objects.ts";
import { asList, record, texts } from "./pod-spec.ts";

/** Name of the lab's storage driver, as PersistentVolumes and VolumeAttachments give it. */
export const labDriver = "lab.aftershock.dev";

/** The node that the scheduler gave a pod; undefined before that. */
export function nodeOf(pod: LabObject): string | undefined {
  const node = pod.spec?.["nodeName"];
  return typeof node === "string" && node !== "" ? node : undefined;
}

/** The PersistentVolumes that a pod's claims are bound to. */
export function volumesOf(store: ObjectStore, pod: LabObject): LabObject[] {
  const namespace = pod.metadata.namespace ?? "default";
  return asList(pod.spec?.["volumes"]).flatMap((volume) => {
    const name = record(volume["persistentVolumeClaim"])["claimName"];
    const claim = typeof name === "string" ? store.get({ kind: "PersistentVolumeClaim", namespace, name }) : undefined;
    const bound = claim?.spec?.["volumeName"];
    const found = typeof bound === "string" ? store.get({ kind: "PersistentVolume", name: bound }) : undefined;
    return found === undefined ? [] : [found];
  });
}

/** The attachments of a volume, to any node. */
export function attachmentsOf(store: ObjectStore, volume: string): LabObject[] {
  return store
    .list("VolumeAttachment")
    .filter((attachment) => record(attachment.spec?.["source"])["persistentVolumeName"] === volume);
}

/** Whether an attachment is done and not being taken away. */
export function isAttached(attachment: LabObject): boolean {
  return attachment.status?.["attached"] === true && attachment.metadata.deletionTimestamp === undefined;
}

/** Whether every volume of a pod is attached to the pod's node. */
export function volumesAttached(store: ObjectStore, pod: LabObject): boolean {
  return volumesOf(store, pod).every((volume) =>
    attachmentsOf(store, volume.metadata.name).some(
      (attachment) => attachment.spec?.["nodeName"] === nodeOf(pod) && isAttached(attachment),
    ),
  );
}

/** Name of a volume in a node's `status.volumesInUse`: plugin, driver and handle, as kubelets write it. */
export function uniqueVolumeName(volume: LabObject): string {
  const handle = record(volume.spec?.["csi"])["volumeHandle"];
  return `kubernetes.io/csi/${labDriver}^${typeof handle === "string" ? handle : volume.metadata.name}`;
}

/** Whether a node says that it has the volume mounted, or is about to. */
export function isInUse(store: ObjectStore, volume: LabObject, node: string): boolean {
  const found = store.get({ kind: "Node", name: node });
  return texts(found?.status?.["volumesInUse"]).includes(uniqueVolumeName(volume));
}

/**
 * Keeps every node's `status.volumesInUse` as a kubelet does: a volume is in it from before it is mounted until it is
 * unmounted, and nobody detaches it meanwhile.
 */
export function createMountedVolumes(store: ObjectStore): { add(pod: LabObject): void; remove(uid: string): void } {
  const byPod = new Map<string, { node: string; volumes: string[] }>();
  const write = (node: string): void => {
    const key = { kind: "Node", name: node };
    if (store.get(key) === undefined) return;
    const used = [...byPod.values()].filter((entry) => entry.node === node).flatMap((entry) => entry.volumes);
    const volumesInUse = [...new Set(used)].toSorted();
    store.update(key, (copy) => void (copy.status = { ...copy.status, volumesInUse }));
  };
  return {
    add: (pod) => {
      const node = nodeOf(pod);
      if (node === undefined) return;
      byPod.set(pod.metadata.uid, { node, volumes: volumesOf(store, pod).map(uniqueVolumeName) });
      write(node);
    },
    remove: (uid) => {
      const entry = byPod.get(uid);
      byPod.delete(uid);
      if (entry !== undefined) write(entry.node);
    },
  };
}
