/**
 * What a deletion drags along beyond the store's own garbage collection: foreground deletion, orphaning, and the
 * end of a namespace. The store does the background kind by itself.
 */
import type { LabObject, ObjectKey, ObjectStore } from "../../objects.ts";
import { defaultGracePeriodSeconds } from "../../store/metadata.ts";
import { keyOf } from "../../store/shelf.ts";
import { resources } from "../resources.ts";

const foreground = "foregroundDeletion";

/** Takes the reference to an owner out of its dependents, so that they survive it. */
export function orphanDependents(store: ObjectStore, owner: LabObject): void {
  for (const dependent of dependentsOf(store, owner)) {
    store.update(keyOf(dependent), (copy) => {
      const references = copy.metadata.ownerReferences ?? [];
      copy.metadata.ownerReferences = references.filter(({ uid }) => uid !== owner.metadata.uid);
    });
  }
}

/** Marks the owner, deletes its dependents, and lets it go when those that block are gone. */
export function deleteForeground(store: ObjectStore, key: ObjectKey): LabObject | undefined {
  const owner = store.update(key, (copy) => {
    copy.metadata.finalizers = [...new Set([...(copy.metadata.finalizers ?? []), foreground])];
  });
  store.delete(key);
  for (const dependent of dependentsOf(store, owner)) deleteNormally(store, dependent);
  advanceForeground(store);
  return store.get(key);
}

/** A namespace is Terminating while it holds anything. */
export function deleteNamespace(store: ObjectStore, name: string): LabObject | undefined {
  const key = { kind: "Namespace", name };
  if (store.get(key)?.metadata.deletionTimestamp === undefined) {
    store.delete(key, { graceful: true, gracePeriodSeconds: 0 });
    store.update(key, (copy) => {
      copy.status = { ...copy.status, phase: "Terminating" };
    });
  }
  for (const object of contentOf(store, name)) deleteNormally(store, object);
  advanceNamespaces(store);
  return store.get(key);
}

/**
 * Finishes foreground and namespace deletions as what they wait for goes. What the lab's own parts record in a namespace
 * that is ending (an Event of a pod that goes), which a cluster would refuse them, goes at once. Returns the way to stop.
 */
export function watchCascades(store: ObjectStore): () => void {
  return store.watch("*", ({ type, object }) => {
    if (type === "ADDED" && isEnding(store, object.metadata.namespace)) return deleteNormally(store, object);
    if (type !== "DELETED") return;
    advanceForeground(store);
    advanceNamespaces(store);
  });
}

function advanceForeground(store: ObjectStore): void {
  for (const owner of everything(store)) {
    if (owner.metadata.deletionTimestamp === undefined) continue;
    if (!(owner.metadata.finalizers ?? []).includes(foreground)) continue;
    if (dependentsOf(store, owner).some((dependent) => blocks(dependent, owner))) continue;
    store.update(keyOf(owner), (copy) => {
      copy.metadata.finalizers = (copy.metadata.finalizers ?? []).filter((finalizer) => finalizer !== foreground);
    });
  }
}

function advanceNamespaces(store: ObjectStore): void {
  for (const namespace of store.list("Namespace")) {
    if (namespace.metadata.deletionTimestamp === undefined) continue;
    if (contentOf(store, namespace.metadata.name).length === 0) store.remove(keyOf(namespace));
  }
}

function isEnding(store: ObjectStore, name: string | undefined): boolean {
  return name !== undefined && store.get({ kind: "Namespace", name })?.metadata.deletionTimestamp !== undefined;
}

function blocks(dependent: LabObject, owner: LabObject): boolean {
  const references = dependent.metadata.ownerReferences ?? [];
  return references.some(({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true);
}

function dependentsOf(store: ObjectStore, owner: LabObject): LabObject[] {
  return everything(store).filter((object) =>
    (object.metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.metadata.uid),
  );
}

function contentOf(store: ObjectStore, namespace: string): LabObject[] {
  return everything(store).filter((object) => object.metadata.namespace === namespace);
}

function everything(store: ObjectStore): LabObject[] {
  return resources.flatMap(({ kind }) => store.list(kind));
}

function deleteNormally(store: ObjectStore, object: LabObject): void {
  const key = keyOf(object);
  if (store.get(key) === undefined) return;
  const gracePeriodSeconds = defaultGracePeriodSeconds(object);
  store.delete(key, { graceful: gracePeriodSeconds > 0, gracePeriodSeconds });
}
