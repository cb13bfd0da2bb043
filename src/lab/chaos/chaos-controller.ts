import { timestamp } from "../store/metadata.ts";
import type { LabObject, ObjectStore } from "../objects.ts";
import { record } from "../runtime/pod-spec.ts";
import { recordEvent } from "../runtime/record-event.ts";
import {
  afterAttempt,
  chaosStatus,
  desiredPhase,
  phaseNews,
  nextOperation,
  endsAtMs,
  readRecords,
  recordsFinalizer,
  type ChaosRecord,
} from "./chaos-status.ts";

/** What differs between the chaos kinds: whom they select, and how one target is hit and healed. Both idempotent. */
export interface ChaosKind {
  kind: string;
  /** Whether a failed attempt shows as a phase of waiting (see afterAttempt). */
  onFailure: "waits" | "stays";
  /** Throws when a selector cannot be followed; an empty list means that one of the selectors matches nothing. */
  select(object: LabObject, random: () => number): ChaosRecord[];
  /** Rejects with the reason that the record's event tells. */
  apply(object: LabObject, entry: ChaosRecord): Promise<void>;
  recover(object: LabObject, entry: ChaosRecord): Promise<void>;
}

/** A failed apply or recover is tried again after this long. */
const retryMs = 1000;
/** A longer timer than 2^31 - 1 ms would fire at once (setTimeout); it is set again when it fires. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * The lifecycle of chaos objects, once for all kinds: finalizer, desired phase, selection (once), records,
 * conditions, and the finalizer's end when every record is exactly `Not Injected`.
 */
export function startChaosController(
  store: ObjectStore,
  kind: ChaosKind,
  options: { now: () => number; random: () => number; log: (message: string) => void },
): { stop(): Promise<void> } {
  const queues = new Map<string, Promise<void>>();
  const timers = new Map<string, NodeJS.Timeout>();
  /** Resource versions of failures that this controller wrote itself: those wait for their retry. */
  const waiting = new Map<string, string>();
  let stopped = false;

  const enqueue = (namespace: string, name: string): void => {
    if (stopped) return;
    const key = `${namespace}/${name}`;
    const next = (queues.get(key) ?? Promise.resolve())
      .then(() => reconcile(namespace, name))
      .catch((error: unknown) => options.log(`${kind.kind} ${key}: ${String(error)}`));
    queues.set(key, next);
  };
  const again = (namespace: string, name: string, inMs: number): void => {
    const key = `${namespace}/${name}`;
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => enqueue(namespace, name), Math.min(Math.max(0, inMs), longestTimerMs)),
    );
  };

  const reconcile = async (namespace: string, name: string): Promise<void> => {
    const ref = { kind: kind.kind, namespace, name };
    let object = store.get(ref);
    if (object === undefined) return;
    const tell = (type: "Normal" | "Warning", reason: string, message: string): void =>
      recordEvent(store, object ?? { ...ref, apiVersion: "", metadata: {} as never }, {
        type,
        reason,
        message,
        component: "chaos-mesh",
      });
    if (object.metadata.deletionTimestamp === undefined && !object.metadata.finalizers?.includes(recordsFinalizer)) {
      object = store.update(ref, (copy) => {
        copy.metadata.finalizers = [...(copy.metadata.finalizers ?? []), recordsFinalizer];
      });
      tell("Normal", "FinalizerInited", "Finalizer has been inited");
    }
    const desired = desiredPhase(object, options.now());
    const news = phaseNews(object, record(object.status?.["experiment"])["desiredPhase"], options.now());
    if (news !== null) tell("Normal", news.reason, news.message);
    let records = readRecords(object);
    // Whether or not it shall run: one that is paused from its beginning has its records, and "all recovered", too.
    if (records === undefined && object.metadata.deletionTimestamp === undefined) {
      const selection = select(object);
      if (typeof selection === "string") {
        tell("Warning", "Failed", `Failed to select targets: ${selection}`);
        store.update(ref, (copy) => void (copy.status = chaosStatus(copy, desired, undefined)));
        return;
      }
      records = selection;
      const selected = records;
      object = store.update(ref, (copy) => void (copy.status = chaosStatus(copy, desired, selected)));
    }
    let failed = false;
    const settled: ChaosRecord[] = [];
    for (const entry of records ?? []) {
      const result = await settle(object, entry, desired);
      if (result !== entry) {
        const last = result.events.at(-1);
        if (last?.type === "Failed") {
          failed = true;
          tell(
            "Warning",
            "Failed",
            `Failed to ${last.operation === "Apply" ? "apply" : "recover"} chaos: ${last.message ?? ""}`,
          );
        } else {
          const applied = last?.operation === "Apply";
          tell(
            "Normal",
            applied ? "Applied" : "Recovered",
            `Successfully ${applied ? "apply" : "recover"} chaos for ${entry.id}`,
          );
        }
      }
      settled.push(result);
    }
    if (store.get(ref)?.metadata.uid !== object.metadata.uid) return;
    const final = records === undefined ? undefined : settled;
    const written = store.update(ref, (copy) => void (copy.status = chaosStatus(copy, desired, final)));
    if (failed) waiting.set(`${namespace}/${name}`, written.metadata.resourceVersion);
    else waiting.delete(`${namespace}/${name}`);
    if (object.metadata.deletionTimestamp !== undefined && settled.every((entry) => entry.phase === "Not Injected")) {
      // An empty list, as Chaos Mesh writes it: a stranger's finalizer would go too.
      store.update(ref, (copy) => void (copy.metadata.finalizers = []));
      return;
    }
    const end = endsAtMs(object);
    if (failed) again(namespace, name, retryMs);
    else if (end !== undefined && desired === "Run") {
      // By what was decided above, not by the clock now: the end may have passed in between, and must not be missed.
      again(namespace, name, end - options.now());
    }
  };

  /** The records, or why there are none. */
  const select = (object: LabObject): ChaosRecord[] | string => {
    try {
      const records = kind.select(object, options.random);
      return records.length === 0 ? "no target has been selected" : records;
    } catch (error) {
      return messageOf(error);
    }
  };

  const settle = async (object: LabObject, entry: ChaosRecord, desired: "Run" | "Stop"): Promise<ChaosRecord> => {
    const operation = nextOperation(entry.phase, desired);
    if (operation === null) return entry;
    const triedAt = timestamp(options.now());
    try {
      // A target that never was injected has nothing to heal.
      if (operation === "Apply") await kind.apply(object, entry);
      else await kind.recover(object, entry);
      return afterAttempt(entry, operation, null, triedAt, kind.onFailure);
    } catch (error) {
      return afterAttempt(entry, operation, messageOf(error), triedAt, kind.onFailure);
    }
  };

  const unwatch = store.watch(kind.kind, ({ type, object }) => {
    const { namespace = "default", name, resourceVersion } = object.metadata;
    if (type !== "DELETED" && waiting.get(`${namespace}/${name}`) !== resourceVersion) enqueue(namespace, name);
  });
  for (const object of store.list(kind.kind)) enqueue(object.metadata.namespace ?? "default", object.metadata.name);
  return {
    stop: async () => {
      stopped = true;
      unwatch();
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(queues.values());
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
