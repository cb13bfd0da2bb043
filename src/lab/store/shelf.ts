import type { LabObject, ObjectKey } from "../objects.ts";

/** One kept object. */
export interface Entry {
  object: LabObject;
  /** Deleted gracefully: stays, finalizers or not, until somebody calls `remove`. */
  held: boolean;
}

/** Where entries lie, by kind and by namespace and name. */
export interface Shelf {
  get(key: ObjectKey): Entry | undefined;
  put(key: ObjectKey, entry: Entry): void;
  take(key: ObjectKey): void;
  /** Ordered by namespace, then name, as an API server lists. */
  ofKind(kind: string): LabObject[];
  all(): Iterable<LabObject>;
}

export function createShelf(): Shelf {
  const kinds = new Map<string, Map<string, Entry>>();

  return {
    get: (key) => kinds.get(key.kind)?.get(placeOf(key)),
    put(key, entry) {
      let entries = kinds.get(key.kind);
      if (entries === undefined) {
        entries = new Map();
        kinds.set(key.kind, entries);
      }
      entries.set(placeOf(key), entry);
    },
    take(key) {
      kinds.get(key.kind)?.delete(placeOf(key));
    },
    ofKind(kind) {
      const entries = [...(kinds.get(kind) ?? [])];
      entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return entries.map(([, entry]) => entry.object);
    },
    *all() {
      for (const entries of kinds.values()) for (const entry of entries.values()) yield entry.object;
    },
  };
}

/** The key under which an object lies. */
export function keyOf(object: { kind: string; metadata: { name: string; namespace?: string } }): ObjectKey {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? { kind: object.kind, name } : { kind: object.kind, namespace, name };
}

// "/" cannot occur in a namespace, and sorts before every character that can.
function placeOf(key: ObjectKey): string {
  return `${key.namespace ?? ""}/${key.name}`;
}
