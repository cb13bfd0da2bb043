import { isDeepStrictEqual } from "node:util";
import { StoreError } from "../objects.ts";
import type { ChangeType, LabObject, ObjectKey, ObjectStore } from "../objects.ts";
import { copyOf, frozenCopy } from "./freeze.ts";
import { createChangeLog } from "./log.ts";
import { defaultGracePeriodSeconds, keepServerMetadata, markedForDeletion, withServerMetadata } from "./metadata.ts";
import { createShelf, keyOf } from "./shelf.ts";
import type { Entry } from "./shelf.ts";
import { createWatchers } from "./watchers.ts";

export interface StoreOptions {
  /** How many changes a watch may be behind, at least. Default 5,000. */
  logSize?: number;
  /** Wall clock in milliseconds, for timestamps. */
  now?: () => number;
}

/**
 * The lab's objects; see ObjectStore for what it promises.
 * Garbage collection: a dependent goes with the last of its owners; one that has another living owner only loses the
 * dangling reference. A running pod that is collected gets its grace period, as a delete through the API would give it.
 */
export function createStore(options: StoreOptions = {}): ObjectStore {
  const now = options.now ?? Date.now;
  // Above 0 and 1, which have meanings of their own as resourceVersion parameters.
  let revision = 1;
  const shelf = createShelf();
  const log = createChangeLog(options.logSize ?? 5000, revision);
  const watchers = createWatchers();

  /** Stores a new state (or, for DELETED, takes the object away) and tells everybody. */
  function commit(type: ChangeType, object: LabObject, entry: Entry | undefined): LabObject {
    revision += 1;
    const stored = frozenCopy({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(revision) },
    });
    const key = keyOf(stored);
    if (type === "DELETED") shelf.take(key);
    else shelf.put(key, { object: stored, held: entry?.held ?? false });
    const previous = entry?.object;
    const change = {
      type,
      object: stored,
      revision,
      ...(previous === undefined ? {} : { previous }),
    };
    log.append(change);
    watchers.publish(change);
    return stored;
  }

  function takeAway(entry: Entry, object: LabObject): LabObject {
    const gone = commit("DELETED", object, entry);
    collectDependents(gone);
    return gone;
  }

  function collectDependents(owner: LabObject): void {
    const uid = owner.metadata.uid;
    const dependents = [...shelf.all()].filter((object) =>
      (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid),
    );
    if (dependents.length === 0) return;
    const living = new Set([...shelf.all()].map((object) => object.metadata.uid));
    for (const dependent of dependents) {
      const key = keyOf(dependent);
      if (shelf.get(key)?.object.metadata.uid !== dependent.metadata.uid) continue;
      const remaining = (dependent.metadata.ownerReferences ?? []).filter((reference) => living.has(reference.uid));
      if (remaining.length > 0) {
        store.update(key, (copy) => {
          copy.metadata.ownerReferences = remaining;
        });
        continue;
      }
      const gracePeriodSeconds = defaultGracePeriodSeconds(dependent);
      store.delete(key, { graceful: gracePeriodSeconds > 0, gracePeriodSeconds });
    }
  }

  function entryOf(key: ObjectKey): Entry {
    const entry = shelf.get(key);
    if (entry === undefined) throw new StoreError("NotFound", `${key.kind} "${key.name}" not found`);
    return entry;
  }

  const store: ObjectStore = {
    create(given) {
      const object = withServerMetadata(given, now());
      const { kind, metadata } = object;
      if (typeof kind !== "string" || kind === "") throw new StoreError("Invalid", "kind is required");
      if (metadata.name === "") throw new StoreError("Invalid", `${kind}: name is required`);
      if (shelf.get(keyOf(object)) !== undefined) {
        throw new StoreError("AlreadyExists", `${kind} "${metadata.name}" already exists`);
      }
      return commit("ADDED", object, undefined);
    },

    get: (key) => shelf.get(key)?.object,

    list(kind, namespace) {
      const objects = shelf.ofKind(kind);
      return namespace === undefined ? objects : objects.filter((object) => object.metadata.namespace === namespace);
    },

    update(key, change, updateOptions = {}) {
      const entry = entryOf(key);
      const before = entry.object;
      const expected = updateOptions.resourceVersion;
      if (expected !== undefined && expected !== before.metadata.resourceVersion) {
        throw new StoreError("Conflict", `${key.kind} "${key.name}" has been modified`);
      }
      const copy = copyOf(before);
      const after = keepServerMetadata(before, copyOf(change(copy) ?? copy));
      const leaves = before.metadata.deletionTimestamp !== undefined && !entry.held && isUnfinalized(after);
      if (leaves) return takeAway(entry, after);
      if (isDeepStrictEqual(before, after)) return before;
      return commit("MODIFIED", after, entry);
    },

    delete(key, deleteOptions = {}) {
      const entry = entryOf(key);
      const before = entry.object;
      const graceful = deleteOptions.graceful === true;
      if (!graceful && isUnfinalized(before)) return takeAway(entry, before);
      const grace = graceful ? (deleteOptions.gracePeriodSeconds ?? defaultGracePeriodSeconds(before)) : 0;
      const held = graceful && (before.metadata.deletionTimestamp === undefined || entry.held);
      const promised = before.metadata.deletionGracePeriodSeconds;
      // A later delete may shorten the grace period, never prolong it.
      if (promised !== undefined && grace >= promised && held === entry.held) return before;
      return commit("MODIFIED", markedForDeletion(before, now(), Math.min(grace, promised ?? grace)), {
        ...entry,
        held,
      });
    },

    remove(key) {
      const entry = shelf.get(key);
      if (entry !== undefined) takeAway(entry, entry.object);
    },

    revision: () => revision,

    watch(kind, listener, watchOptions = {}) {
      const since = watchOptions.sinceRevision;
      return watchers.add(kind, listener, since === undefined ? [] : log.since(since));
    },
  };
  return store;
}

function isUnfinalized(object: LabObject): boolean {
  return (object.metadata.finalizers ?? []).length === 0;
}
