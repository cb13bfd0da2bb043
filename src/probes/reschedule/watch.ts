import { messageOf } from "../../errors.ts";
import type { AttachmentView, Placement, PodPlacement } from "../placement.ts";
import type { Recorder } from "../recorder.ts";

const everyMs = 200;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/** What is known of the pod and its volumes at one look. */
interface Look {
  pod: PodPlacement | null;
  attachments: readonly AttachmentView[];
}

/**
 * Looks at one pod and the attachments of its volumes five times a second, and tells what changed: when the old pod was
 * gone and the new one there, when it got a node, when its volume left the old node and came to the new one, when its
 * containers ran and it was ready. Nothing is told of the first look, which is how things were.
 */
export function watchPlacement(options: {
  placement: Placement;
  namespace: string;
  pod: string;
  /** Names of the PersistentVolumes whose attachments are watched. */
  volumes: readonly string[];
  now: () => number;
  tell: Tell;
}): { stop(): void } {
  const { placement, namespace, pod, volumes, now, tell } = options;
  let before: Look | null = null;
  let busy = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const [found, all] = await Promise.all([placement.pod(namespace, pod), placement.attachments()]);
      if (stopped) return;
      const current = { pod: found, attachments: all.filter(({ volume }) => volumes.includes(volume)) };
      if (before !== null) {
        const atMs = now();
        for (const change of placementChanges(pod, before, current)) tell({ atMs, ...change });
      }
      before = current;
    } finally {
      busy = false;
    }
  };
  // Said once each: a bot that may not read volume attachments would otherwise look as if nothing had happened.
  const told = new Set<string>();
  const tryLook = (): void =>
    void look().catch((error: unknown) => {
      const problem = messageOf(error);
      if (stopped || told.has(problem)) return;
      told.add(problem);
      tell({ atMs: now(), source: "cluster", event: "unreadable", detail: { problem } });
    });
  const timer = setInterval(tryLook, everyMs);
  tryLook();
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

type Change = Omit<Parameters<Recorder["event"]>[0], "atMs">;

/** What is different between two looks, in the order in which it happens. Pure. */
export function placementChanges(name: string, before: Look, now: Look): Change[] {
  const changes: Change[] = [];
  const add = (source: string, event: string, detail: Change["detail"] = {}): void =>
    void changes.push({ source, event, detail });
  const old = before.pod;
  const pod = now.pod;
  const another = pod !== null && pod.uid !== old?.uid;
  if (old !== null && pod?.uid !== old.uid) add(name, "pod-gone", { uid: old.uid, node: old.node });
  if (another) add(name, "pod-created", { uid: pod.uid });
  const known = another ? null : old;
  if (pod !== null && pod.unschedulable !== null && pod.unschedulable !== known?.unschedulable) {
    add(name, "pod-unschedulable", { reason: pod.unschedulable });
  }
  if (pod !== null && pod.node !== null && pod.node !== known?.node) add(name, "pod-scheduled", { node: pod.node });
  changes.push(...attachmentChanges(before.attachments, now.attachments));
  if (pod !== null && pod.started && (known?.started !== true || known.containerId !== pod.containerId)) {
    add(name, "containers-started", { container: pod.containerId, node: pod.node });
  }
  if (pod?.ready === true && known?.ready !== true) add(name, "pod-ready", { node: pod.node });
  return changes;
}

function attachmentChanges(before: readonly AttachmentView[], now: readonly AttachmentView[]): Change[] {
  const source = "storage";
  const of = (list: readonly AttachmentView[], name: string) => list.find((entry) => entry.name === name);
  const detail = ({ volume, node }: AttachmentView): Change["detail"] => ({ volume, node });
  // An attachment is named by volume and node: one that was made anew between two looks is not told apart, and need not be.
  return [
    ...now
      .filter((entry) => entry.detaching && of(before, entry.name)?.detaching !== true)
      .map((entry) => ({ source, event: "volume-detaching", detail: detail(entry) })),
    ...before
      .filter((entry) => of(now, entry.name) === undefined)
      .map((entry) => ({ source, event: "volume-detached", detail: detail(entry) })),
    ...now
      .filter((entry) => of(before, entry.name) === undefined)
      .map((entry) => ({ source, event: "volume-attaching", detail: detail(entry) })),
    ...now
      .filter((entry) => entry.attached && !entry.detaching && of(before, entry.name)?.attached !== true)
      .map((entry) => ({ source, event: "volume-attached", detail: detail(entry) })),
  ];
}
