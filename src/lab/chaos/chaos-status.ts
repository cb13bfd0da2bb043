import type { LabObject } from "../objects.ts";
import { asList, record } from "../runtime/pod-spec.ts";

/** Chaos Mesh's bookkeeping of one target (anchors/chaos-platforms.md 3.1). */
export interface ChaosRecord {
  /** `namespace/pod`, or `namespace/pod/container`. */
  id: string;
  selectorKey: "." | ".Target";
  phase: "Not Injected" | "Not Injected/Wait" | "Injected" | "Injected/Wait";
  injectedCount: number;
  recoveredCount: number;
  events: Array<{ type: "Succeeded" | "Failed"; operation: "Apply" | "Recover"; message?: string; timestamp: string }>;
}

export type DesiredPhase = "Run" | "Stop";

/** A news item of the object's own Kubernetes events, in Chaos Mesh's words (controllers/utils/recorder). */
export interface PhaseNews {
  reason: "Started" | "TimeUp" | "Paused" | "Deleted";
  message: string;
}

/** Kept events per record (Chaos Mesh's MAX_EVENTS). */
const maxEvents = 100;
export const pauseAnnotation = "experiment.chaos-mesh.org/pause";
export const recordsFinalizer = "chaos-mesh/records";

const goUnitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a Go duration (`1m30s`, `-5s`, `0.5h`); undefined for none or an unreadable one. */
export function goDurationMs(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^[-+]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (goUnitsMs[unit ?? ""] ?? 0);
  }
  return value.startsWith("-") ? -total : total;
}

/** When the object's own duration is over, in Unix milliseconds: counted from its creation. */
export function endsAtMs(object: LabObject): number | undefined {
  const durationMs = goDurationMs(object.spec?.["duration"]);
  return durationMs === undefined ? undefined : Date.parse(object.metadata.creationTimestamp) + durationMs;
}

/** True for pod-kill and container-kill, which are done once and know no end. */
export function isOneShot(object: LabObject): boolean {
  const action = object.spec?.["action"];
  return object.kind === "PodChaos" && (action === "pod-kill" || action === "container-kill");
}

/** First match wins: deleted, one-shot, duration over, paused (controllers/common/desiredphase). */
export function desiredPhase(object: LabObject, nowMs: number): DesiredPhase {
  if (object.metadata.deletionTimestamp !== undefined) return "Stop";
  if (isOneShot(object)) return "Run";
  const end = endsAtMs(object);
  if (end !== undefined && nowMs >= end) return "Stop";
  return object.metadata.annotations?.[pauseAnnotation] === "true" ? "Stop" : "Run";
}

/** What is told when the desired phase changes from `before` (as in the status) to what `desiredPhase` says now. */
export function phaseNews(object: LabObject, before: unknown, nowMs: number): PhaseNews | null {
  const desired = desiredPhase(object, nowMs);
  if (desired === before) return null;
  if (desired === "Run") return { reason: "Started", message: "Experiment has started" };
  if (object.metadata.deletionTimestamp !== undefined)
    return { reason: "Deleted", message: "Experiment has been deleted" };
  const end = endsAtMs(object);
  return end !== undefined && nowMs >= end
    ? { reason: "TimeUp", message: "Time up according to the duration" }
    : { reason: "Paused", message: "Experiment has been paused" };
}

/**
 * What is to be done to a record. A record goes round in one direction only (Not Injected, Not Injected/Wait,
 * Injected, Injected/Wait), with one leniency against Chaos Mesh: what failed to be applied may be recovered at once,
 * so that deleting an object that the lab cannot apply does not hang.
 */
export function nextOperation(phase: ChaosRecord["phase"], desired: DesiredPhase): "Apply" | "Recover" | null {
  if (desired === "Stop") return phase === "Not Injected" ? null : "Recover";
  if (phase === "Injected") return null;
  return phase === "Injected/Wait" ? "Recover" : "Apply";
}

export function readRecords(object: LabObject): ChaosRecord[] | undefined {
  const list = record(object.status?.["experiment"])["containerRecords"];
  return Array.isArray(list) ? asList(list).map((entry) => entry as unknown as ChaosRecord) : undefined;
}

export function newRecord(id: string, selectorKey: ChaosRecord["selectorKey"]): ChaosRecord {
  return { id, selectorKey, phase: "Not Injected", injectedCount: 0, recoveredCount: 0, events: [] };
}

/**
 * A record after an attempt to apply or recover. `waits` are kinds that wait for a child object (NetworkChaos): only
 * their failures show as a phase of waiting; the others stay in the phase they were in.
 */
export function afterAttempt(
  before: ChaosRecord,
  operation: "Apply" | "Recover",
  failure: string | null,
  timestamp: string,
  onFailure: "waits" | "stays",
): ChaosRecord {
  const events = [
    ...before.events,
    failure === null
      ? { type: "Succeeded" as const, operation, timestamp }
      : { type: "Failed" as const, operation, message: failure, timestamp },
  ].slice(-maxEvents);
  if (failure !== null) {
    if (onFailure === "stays") return { ...before, events };
    return { ...before, phase: operation === "Apply" ? "Not Injected/Wait" : "Injected/Wait", events };
  }
  return operation === "Apply"
    ? { ...before, phase: "Injected", injectedCount: before.injectedCount + 1, events }
    : { ...before, phase: "Not Injected", recoveredCount: before.recoveredCount + 1, events };
}

/** The whole `status` of a chaos object; conditions carry no time, as the real ones. */
export function chaosStatus(
  object: LabObject,
  desired: DesiredPhase,
  records: readonly ChaosRecord[] | undefined,
): Record<string, unknown> {
  const every = (phase: ChaosRecord["phase"]): boolean =>
    records !== undefined && records.length > 0 && records.every((entry) => entry.phase === phase);
  const condition = (type: string, holds: boolean): Record<string, string> => ({
    type,
    status: holds ? "True" : "False",
    reason: "",
  });
  return {
    conditions: [
      condition("Selected", records !== undefined),
      condition("AllInjected", every("Injected")),
      condition("AllRecovered", every("Not Injected")),
      condition("Paused", object.metadata.annotations?.[pauseAnnotation] === "true"),
    ],
    experiment: { desiredPhase: desired, ...(records === undefined ? {} : { containerRecords: [...records] }) },
  };
}
