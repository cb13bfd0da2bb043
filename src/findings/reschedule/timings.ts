import type { History, TimelineEvent } from "../../probes/history.ts";
import { between, numberOrNull, textOrNull } from "../observed.ts";
import { readPatroniTimings, type PatroniTimings } from "../patroni/timings.ts";

/** What was read of the marker rows, before and after. */
export interface MarkerTaken {
  rows: number | null;
  checksum: string | null;
  systemIdentifier: string | null;
  /** UIDs of the PersistentVolumes, joined. */
  volumes: string | null;
}

/** When things happened, in milliseconds on the history's clock; null: not observed. */
export interface RescheduleTimings {
  member: string | null;
  /** The member's role before it was deleted. */
  role: "primary" | "replica" | null;
  cordonedMs: number | null;
  uncordonedMs: number | null;
  /** The pod's deletion was asked for. */
  deletedMs: number | null;
  goneMs: number | null;
  createdMs: number | null;
  scheduledMs: number | null;
  /** The scheduler's words, when the new pod fitted nowhere at first. */
  unschedulable: string | null;
  fromNode: string | null;
  toNode: string | null;
  detachingMs: number | null;
  detachedMs: number | null;
  attachingMs: number | null;
  attachedMs: number | null;
  startedMs: number | null;
  readyMs: number | null;
  /** The database of that pod says that it runs, as whatever. */
  answersMs: number | null;
  answersAs: string | null;
  /** The member's timeline before, and the last that it told: PostgreSQL counts one up with every promotion. */
  timelineBefore: number | null;
  timelineAfter: number | null;
  markerBefore: MarkerTaken | null;
  markerAfter: MarkerTaken | null;
  /** The node as it was read back at the end; null when it was not read. */
  nodeSchedulable: boolean | null;
  /** The same run as Patroni saw it: a lost member, another promoted or not. */
  patroni: PatroniTimings;
}

/** Reads the timings off the events: those of the cluster's placement, of the run, and of the database itself. */
export function readRescheduleTimings(history: History): RescheduleTimings {
  const { events } = history;
  const injected = (kind: string): TimelineEvent | undefined =>
    events.find((event) => event.event === "fault-injected" && event.detail["kind"] === kind);
  const cordon = injected("Cordon");
  const removed = events.find(
    (event) =>
      event.event === "fault-removed" && cordon !== undefined && event.detail["fault"] === cordon.detail["fault"],
  );
  const deletion = injected("PodDelete");
  const deletedMs = deletion?.atMs ?? null;
  const member = textOrNull(deletion?.detail["pods"])?.split(" ")[0] ?? null;
  const after = (match: (event: TimelineEvent) => boolean): TimelineEvent | undefined =>
    deletedMs === null ? undefined : events.find((event) => event.atMs >= deletedMs && match(event));
  const ofPod = (name: string): TimelineEvent | undefined =>
    after((event) => event.source === member && event.event === name);
  const gone = ofPod("pod-gone");
  const scheduled = ofPod("pod-scheduled");
  const fromNode = textOrNull(gone?.detail["node"]);
  const toNode = textOrNull(scheduled?.detail["node"]);
  const ofVolume = (name: string, node: string | null): number | null =>
    after((event) => event.event === name && node !== null && event.detail["node"] === node)?.atMs ?? null;
  const started = ofPod("containers-started");
  const roles = events.filter((event) => event.event === "role" && event.source === member);
  const before = roles.findLast((event) => event.atMs < (deletedMs ?? Infinity));
  const role = before?.detail["role"];
  const answers = roles.find(
    (event) =>
      started !== undefined &&
      event.atMs >= started.atMs &&
      (event.detail["state"] === "running" || event.detail["state"] === "streaming"),
  );
  const marker = (name: string): MarkerTaken | null => {
    const found = events.findLast((event) => event.event === name);
    if (found === undefined) return null;
    return {
      rows: numberOrNull(found.detail["rows"]),
      checksum: textOrNull(found.detail["checksum"]),
      systemIdentifier: textOrNull(found.detail["systemIdentifier"]),
      volumes: textOrNull(found.detail["volumes"]),
    };
  };
  const nodeRead = events.findLast((event) => event.event === "node-read");
  return {
    member,
    role: role === "primary" || role === "replica" ? role : null,
    cordonedMs: cordon?.atMs ?? null,
    uncordonedMs: removed?.atMs ?? null,
    deletedMs,
    goneMs: gone?.atMs ?? null,
    createdMs: ofPod("pod-created")?.atMs ?? null,
    scheduledMs: scheduled?.atMs ?? null,
    unschedulable: textOrNull(ofPod("pod-unschedulable")?.detail["reason"]),
    fromNode,
    toNode,
    detachingMs: ofVolume("volume-detaching", fromNode),
    detachedMs: ofVolume("volume-detached", fromNode),
    attachingMs: ofVolume("volume-attaching", toNode),
    attachedMs: ofVolume("volume-attached", toNode),
    startedMs: started?.atMs ?? null,
    readyMs:
      after((event) => event.source === member && event.event === "pod-ready" && started !== undefined)?.atMs ?? null,
    answersMs: answers?.atMs ?? null,
    answersAs: textOrNull(answers?.detail["role"]),
    timelineBefore: numberOrNull(before?.detail["timeline"]),
    timelineAfter: roles.reduce<number | null>((last, event) => numberOrNull(event.detail["timeline"]) ?? last, null),
    markerBefore: marker("marker-written"),
    markerAfter: marker("marker-read"),
    nodeSchedulable: nodeRead === undefined ? null : nodeRead.detail["schedulable"] === true,
    patroni: readPatroniTimings(asKill(history)),
  };
}

/** Patroni's rules know a kill: to the database a force-deleted pod is one, and a cordon is nothing. */
function asKill(history: History): History {
  const events = history.events.flatMap((event) => {
    if (event.event !== "fault-injected") return [event];
    if (event.detail["kind"] === "Cordon") return [];
    return [{ ...event, detail: { ...event.detail, action: "pod-kill" } }];
  });
  return { ...history, events };
}

/** From the deletion to a moment; null if either was not observed. */
export function sinceDeletion(timings: RescheduleTimings, toMs: number | null): number | null {
  return between(timings.deletedMs, toMs);
}

/** Whether the pod came to another node than the one it was on; null when one of the two was not seen. */
export function changedNode({ fromNode, toNode }: RescheduleTimings): boolean | null {
  return fromNode === null || toNode === null ? null : fromNode !== toNode;
}

/** Whether the rows, their checksum, the database and the volume are those of before; null when either reading lacks. */
export function dataIsThere({ markerBefore, markerAfter }: RescheduleTimings): boolean | null {
  if (markerBefore?.checksum == null || markerAfter === null) return null;
  return (
    markerBefore.rows === markerAfter.rows &&
    markerBefore.checksum === markerAfter.checksum &&
    markerBefore.systemIdentifier === markerAfter.systemIdentifier &&
    markerBefore.volumes === markerAfter.volumes
  );
}
