import type { Change } from "../objects.ts";

/** Delivers changes to listeners: each in order, asynchronously, never while another of its calls is running. */
export interface Watchers {
  publish(change: Change): void;
  /** `earlier` is delivered first. Returns the way to stop; nothing is delivered after it was called. */
  add(kind: string, listener: (change: Change) => void, earlier: Change[]): () => void;
}

interface Watcher {
  kind: string;
  listener: (change: Change) => void;
  waiting: Change[];
  scheduled: NodeJS.Immediate | null;
  stopped: boolean;
}

export function createWatchers(): Watchers {
  const watchers = new Set<Watcher>();

  function schedule(watcher: Watcher): void {
    if (watcher.scheduled !== null || watcher.stopped || watcher.waiting.length === 0) return;
    watcher.scheduled = setImmediate(() => deliver(watcher));
  }

  function deliver(watcher: Watcher): void {
    try {
      for (let next = watcher.waiting.shift(); next !== undefined; next = watcher.waiting.shift()) {
        if (watcher.stopped) return;
        watcher.listener(next);
      }
    } finally {
      // A listener that throws is a bug and surfaces as such, but must not swallow the changes behind it.
      watcher.scheduled = null;
      schedule(watcher);
    }
  }

  return {
    publish(change) {
      for (const watcher of watchers) {
        if (watcher.kind !== "*" && watcher.kind !== change.object.kind) continue;
        watcher.waiting.push(change);
        schedule(watcher);
      }
    },
    add(kind, listener, earlier) {
      const relevant = earlier.filter((change) => kind === "*" || change.object.kind === kind);
      const watcher: Watcher = {
        kind,
        listener,
        waiting: relevant,
        scheduled: null,
        stopped: false,
      };
      watchers.add(watcher);
      schedule(watcher);
      return () => {
        watcher.stopped = true;
        watcher.waiting = [];
        if (watcher.scheduled !== null) clearImmediate(watcher.scheduled);
        watchers.delete(watcher);
      };
    },
  };
}
