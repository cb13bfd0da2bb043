import type { Clock, Recorder } from "../recorder.ts";
import { askPool, type PoolView } from "./pool.ts";
import type { Application } from "./target.ts";

const everyMs = 250;
const timeoutMs = 400;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/** What is told of a pool when it has changed. */
function detailOf(view: PoolView): Record<string, number> {
  const { total, active, idle, connecting, waiting, created, broken, connectErrors } = view;
  return { total, active, idle, connecting, waiting, created, broken, connectErrors };
}

/**
 * Looks at the pool of every pod of the application four times a second. Tells `pool` with all counts whenever they
 * have changed, `pool-lost` when connections broke, `pool-back` when there are connections after that again, and
 * `pool-servers` when the servers that it is connected to have changed, by name. `record` is `tell` without an audience.
 */
export function watchPool(
  application: Application,
  options: { now: Clock; tell: Tell; record: Tell; nameOf: (address: string) => string },
): { stop(): void } {
  const { now, tell, record, nameOf } = options;
  const before = new Map<string, PoolView>();
  const without = new Set<string>();
  let busy = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const views = await Promise.all(
        application.pods.map(async (pod) => [pod.name, await askPool(application, pod, timeoutMs)] as const),
      );
      if (stopped) return;
      const atMs = now();
      for (const [name, view] of views) if (view !== null) change(name, view, atMs);
    } finally {
      busy = false;
    }
  };
  const change = (source: string, view: PoolView, atMs: number): void => {
    const known = before.get(source);
    const detail = detailOf(view);
    if (known === undefined || JSON.stringify(detailOf(known)) !== JSON.stringify(detail)) {
      tell({ atMs, source, event: "pool", detail });
    }
    const lost = view.broken - (known?.broken ?? view.broken);
    if (lost > 0) {
      without.add(source);
      const { total, active, idle, waiting, broken } = view;
      tell({ atMs, source, event: "pool-lost", detail: { lost, total, active, idle, waiting, broken } });
    } else if (view.total > 0 && without.delete(source)) {
      const { total, active, idle, waiting } = view;
      tell({ atMs, source, event: "pool-back", detail: { total, active, idle, waiting } });
    }
    const servers = serversText(view, nameOf);
    // How it was at first is no news.
    const say = known === undefined ? record : tell;
    if (serversText(known, nameOf) !== servers) say({ atMs, source, event: "pool-servers", detail: { servers } });
    before.set(source, view);
  };
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  void look().catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** Names of the servers that a pool is connected to, without how many connections: that changes all the time. */
function serversText(view: PoolView | undefined, nameOf: (address: string) => string): string {
  return Object.keys(view?.servers ?? {})
    .map(nameOf)
    .toSorted()
    .join(" ");
}
