import type { KubernetesObject } from "../cluster/port.ts";

/**
 * What a chaos object's status says, by Chaos Mesh's contract (anchors/chaos-platforms.md 3.1 and 3.3). Records are
 * the truth; conditions lag by one reconcile, and `AllRecovered` is also true before any injection.
 *
 * - `unseen`: no controller has looked at it yet.
 * - `no-target`: one has, and there is no record. It does not look again by itself.
 * - `inject-failed`: an attempt failed and none has succeeded; Chaos Mesh tries again, so it may still become `active`.
 * - `done`: a one-shot action that is over; it never recovers, and nothing is to be waited for.
 * - `healed-by-bookkeeping`: the records say so. That it is healed is proven in the data path, not here.
 */
export type ChaosState =
  | "unseen"
  | "no-target"
  | "wrong-target"
  | "injecting"
  | "inject-failed"
  | "active"
  | "done"
  | "healing"
  | "healed-by-bookkeeping";

/** Actions of PodChaos that are done once: `desiredPhase` stays Run, `duration` and pause are ignored (3.2). */
export function isOneShotAction(kind: string, action: unknown): boolean {
  return kind === "PodChaos" && (action === "pod-kill" || action === "container-kill");
}

export interface ChaosReading {
  state: ChaosState;
  detail: string;
}

interface ChaosRecord {
  id: string;
  phase: string;
  injectedCount: number;
  recoveredCount: number;
  lastFailure: string | null;
}

/** Reads the state of one object. `expectedIds` are the record ids of the pods that the plan named, `ns/pod`. */
export function readChaos(object: KubernetesObject, expectedIds: readonly string[]): ChaosReading {
  const records = chaosRecords(object);
  const stopping = object.metadata.deletionTimestamp !== undefined || desiredPhase(object) === "Stop";
  if (records.length === 0) {
    return desiredPhase(object) === undefined
      ? { state: "unseen", detail: "no controller has looked at it yet" }
      : { state: "no-target", detail: "no record: the selector names no pod that is there" };
  }
  const ids = new Set(records.map((record) => record.id));
  const strangers = [...ids].filter((id) => !expectedIds.includes(id));
  const missing = expectedIds.filter((id) => !ids.has(id));
  if (strangers.length > 0 || missing.length > 0) {
    return {
      state: "wrong-target",
      detail: `selected ${[...ids].join(", ")}; approved were ${expectedIds.join(", ")}`,
    };
  }
  if (stopping) {
    const healed = records.every(
      (record) => record.phase === "Not Injected" && (record.injectedCount === 0 || record.recoveredCount >= 1),
    );
    return healed
      ? { state: "healed-by-bookkeeping", detail: "every record is Not Injected" }
      : { state: "healing", detail: describe(records) };
  }
  if (records.every((record) => record.phase === "Injected" && record.injectedCount >= 1)) {
    const oneShot = isOneShotAction(object.kind, object.spec?.["action"]);
    return { state: oneShot ? "done" : "active", detail: describe(records) };
  }
  const failed = records.find((record) => record.lastFailure !== null && record.injectedCount === 0);
  return failed === undefined
    ? { state: "injecting", detail: describe(records) }
    : { state: "inject-failed", detail: `${failed.id}: ${failed.lastFailure}` };
}

/** Records that are not healed, with what the last attempt at each said when it failed. Pure. */
export function unhealedRecords(object: KubernetesObject): Array<{ id: string; failure: string | null }> {
  return rawRecords(object).flatMap((record) => {
    if (record["phase"] === "Not Injected") return [];
    const last = eventsOf(record).at(-1);
    const failure = last?.["type"] === "Failed" ? String(last["message"] ?? "no message") : null;
    return [{ id: String(record["id"]), failure }];
  });
}

function describe(records: readonly ChaosRecord[]): string {
  const injected = records.filter((record) => record.phase === "Injected").length;
  return `${injected} of ${records.length} records injected`;
}

function desiredPhase(object: KubernetesObject): unknown {
  return asObject(asObject(object.status)["experiment"])["desiredPhase"];
}

function rawRecords(object: KubernetesObject): Array<Record<string, unknown>> {
  const list = asObject(asObject(object.status)["experiment"])["containerRecords"];
  return Array.isArray(list) ? list.map(asObject) : [];
}

function eventsOf(record: Record<string, unknown>): Array<Record<string, unknown>> {
  return Array.isArray(record["events"]) ? record["events"].map(asObject) : [];
}

function chaosRecords(object: KubernetesObject): ChaosRecord[] {
  return rawRecords(object).map((record) => {
    const failure = eventsOf(record).findLast((event) => event["type"] === "Failed" && event["operation"] === "Apply");
    return {
      id: text(record["id"]) ?? "a record without an id",
      phase: text(record["phase"]) ?? "unknown",
      injectedCount: count(record["injectedCount"]),
      recoveredCount: count(record["recoveredCount"]),
      lastFailure: failure === undefined ? null : (text(failure["message"]) ?? "no message"),
    };
  });
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Left out when it is zero. */
function count(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
