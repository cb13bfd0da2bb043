import { createHash } from "node:crypto";
import type { LabObject, ObjectStore } from "../objects.ts";
import { record, texts } from "../runtime/pod-spec.ts";
import { recordEvent } from "../runtime/record-event.ts";
import { attachmentsOf, isInUse, labDriver, nodeOf, volumesOf } from "../runtime/volumes.ts";

const component = "attachdetach-controller";
/** What the attacher holds an attachment by until the volume is detached. */
const finalizer = "external-attacher/lab-aftershock-dev";

/** Annotations of a PersistentVolume: what attaching and detaching it takes, in milliseconds, where it is not the lab's. */
export const attachAnnotation = "lab.aftershock.dev/attach-ms";
export const detachAnnotation = "lab.aftershock.dev/detach-ms";

export interface VolumeTiming {
  /** How long the storage takes to attach a volume that was attached to another node before. */
  attachMs: number;
  /** How long it takes to detach one. */
  detachMs: number;
}

export const defaultVolumeTiming: VolumeTiming = { attachMs: 1000, detachMs: 1000 };

/** A volume that a pod needs on its node. */
interface Need {
  pod: LabObject;
  node: string;
  volume: LabObject;
}

/**
 * Keeps a VolumeAttachment for every volume that a pod needs on its node, as the attach-detach controller and a storage
 * driver's attacher do together. A volume that one node may have at a time (ReadWriteOnce) is attached to another only
 * when it is detached from the first, and it is detached only when no pod needs it there and the node has unmounted it.
 * Attaching and detaching take the time given, or what the volume's annotations say; a volume that was never attached anywhere is attached at once.
 */
export function startAttachDetach(store: ObjectStore, timing: VolumeTiming): () => void {
  const timers = new Map<string, NodeJS.Timeout>();
  const attachedBefore = new Set<string>();
  const toldMultiAttach = new Set<string>();
  let scheduled: NodeJS.Immediate | null = null;

  const after = (name: string, delayMs: number, act: () => void): void => {
    if (timers.has(name)) return;
    const timer = setTimeout(() => {
      timers.delete(name);
      act();
      lookSoon();
    }, delayMs);
    timers.set(name, timer);
  };

  const attach = ({ pod, node, volume }: Need): void => {
    const name = volume.metadata.name;
    const others = attachmentsOf(store, name).filter((entry) => entry.spec?.["nodeName"] !== node);
    if (others.length > 0 && !sharedByNodes(volume)) return tellMultiAttach(pod, volume, others);
    const attachment = attachmentName(name, node);
    const key = { kind: "VolumeAttachment", name: attachment };
    const known = store.get(key);
    if (known?.metadata.deletionTimestamp !== undefined) return;
    if (known === undefined) {
      store.create({
        apiVersion: "storage.k8s.io/v1",
        kind: "VolumeAttachment",
        metadata: {
          name: attachment,
          finalizers: [finalizer],
          annotations: { "csi.alpha.kubernetes.io/node-id": node },
        },
        spec: { attacher: labDriver, nodeName: node, source: { persistentVolumeName: name } },
        status: { attached: false },
      });
    } else if (known.status?.["attached"] === true) return;
    const attachMs = annotatedMs(volume, attachAnnotation) ?? timing.attachMs;
    after(attachment, attachedBefore.has(name) ? attachMs : 0, () => {
      const now = store.get(key);
      if (now === undefined || now.metadata.deletionTimestamp !== undefined) return;
      store.update(key, (copy) => void (copy.status = { attached: true }));
      attachedBefore.add(name);
      for (const { pod: waiting } of needs().filter(
        (need) => need.node === node && need.volume.metadata.name === name,
      )) {
        const message = `AttachVolume.Attach succeeded for volume "${name}" `;
        recordEvent(store, waiting, { type: "Normal", reason: "SuccessfulAttachVolume", message, component });
      }
    });
  };

  /** Once per pod, in the words of the controller (pkg/controller/volume/attachdetach/reconciler). */
  const tellMultiAttach = (pod: LabObject, volume: LabObject, others: readonly LabObject[]): void => {
    const { name } = volume.metadata;
    const id = `${pod.metadata.uid} ${name}`;
    if (toldMultiAttach.has(id)) return;
    toldMultiAttach.add(id);
    const nodes = others.map((entry) => entry.spec?.["nodeName"]);
    const users = needs().filter((need) => need.volume.metadata.name === name && nodes.includes(need.node));
    const reason =
      users.length === 0
        ? "Volume is already exclusively attached to one node and can't be attached to another"
        : `Volume is already used by pod(s) ${users.map((need) => need.pod.metadata.name).join(", ")}`;
    const message = `Multi-Attach error for volume "${name}" ${reason}`;
    recordEvent(store, pod, { type: "Warning", reason: "FailedAttachVolume", message, component });
  };

  const needs = (): Need[] =>
    store.list("Pod").flatMap((pod) => {
      const node = nodeOf(pod);
      return node === undefined ? [] : volumesOf(store, pod).map((volume) => ({ pod, node, volume }));
    });

  const look = (): void => {
    const wanted = needs();
    for (const attachment of store.list("VolumeAttachment")) {
      const { name } = attachment.metadata;
      const node = String(attachment.spec?.["nodeName"]);
      const volumeName = String(record(attachment.spec?.["source"])["persistentVolumeName"]);
      const key = { kind: "VolumeAttachment", name };
      const volume = store.get({ kind: "PersistentVolume", name: volumeName });
      const needed = wanted.some((need) => need.node === node && need.volume.metadata.name === volumeName);
      if (attachment.metadata.deletionTimestamp === undefined) {
        if (needed || (volume !== undefined && isInUse(store, volume, node))) continue;
        clearTimeout(timers.get(name));
        timers.delete(name);
        store.delete(key);
      }
      after(name, annotatedMs(volume, detachAnnotation) ?? timing.detachMs, () => store.remove(key));
    }
    for (const need of wanted) {
      if (need.pod.metadata.deletionTimestamp === undefined) attach(need);
    }
  };
  const lookSoon = (): void => {
    scheduled ??= setImmediate(() => {
      scheduled = null;
      look();
    });
  };
  const stops = ["Pod", "Node", "VolumeAttachment", "PersistentVolumeClaim", "PersistentVolume"].map((kind) =>
    store.watch(kind, lookSoon),
  );
  lookSoon();
  return () => {
    stops.forEach((stop) => stop());
    if (scheduled !== null) clearImmediate(scheduled);
    for (const timer of timers.values()) clearTimeout(timer);
  };
}

function annotatedMs(volume: LabObject | undefined, name: string): number | null {
  const value = volume?.metadata.annotations?.[name];
  return value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);
}

function sharedByNodes(volume: LabObject): boolean {
  return texts(volume.spec?.["accessModes"]).some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany");
}

/** `csi-` and a hash of volume, driver and node, as the CSI plugin names its attachments. */
function attachmentName(volume: string, node: string): string {
  return `csi-${createHash("sha256").update(`${volume}${labDriver}${node}`).digest("hex")}`;
}
