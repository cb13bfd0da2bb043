import { StoreError } from "../objects.ts";
import type { Change } from "../objects.ts";

/** The last changes of the store, oldest first, for watches that resume. */
export interface ChangeLog {
  append(change: Change): void;
  /** Changes after a revision. Throws StoreError `Expired` when some of them are gone. */
  since(revision: number): Change[];
}

/** Keeps at least the last `size` changes. Trims in batches, so appending stays cheap. */
export function createChangeLog(size: number, firstRevision: number): ChangeLog {
  let changes: Change[] = [];
  /** Every change after this revision is still here. */
  let completeAfter = firstRevision;

  return {
    append(change) {
      changes.push(change);
      if (changes.length < size * 2) return;
      const dropped = changes.length - size;
      completeAfter = changes[dropped - 1]!.revision;
      changes = changes.slice(dropped);
    },
    since(revision) {
      if (revision < completeAfter) {
        // Word for word the message of the API server's watch cache.
        throw new StoreError("Expired", `too old resource version: ${revision} (${completeAfter})`);
      }
      return changes.filter((change) => change.revision > revision);
    },
  };
}
