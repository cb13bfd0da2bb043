import { messageOf } from "../errors.ts";
import { ownerlessRuns } from "../store/leases.ts";
import { expiredRequests, waitingRuns } from "../store/runs.ts";
import type { ConductorDeps } from "./conductor.ts";
import { expireRequests } from "./create-service.ts";
import { ownedStates, takeOver } from "./take-over.ts";

/**
 * Looks at the database, not at the queue, every few seconds: runs without an owner are healed and ended here,
 * approved runs whose wake-up call was lost are called again, requests past their time expire.
 */
export interface Reconciler {
  stop(): Promise<void>;
}

export function startReconciler(
  deps: ConductorDeps,
  options: { everyMs: number; wake: (runId: string) => Promise<void> },
): Reconciler {
  let running: Promise<void> | null = null;
  const healing = new Map<string, Promise<void>>();

  const step = async (): Promise<void> => {
    for (const runId of await ownerlessRuns(deps.database, ownedStates)) {
      if (healing.has(runId)) continue;
      // Healing one run may take a minute; the others must not wait for it.
      const healed = takeOver(deps, runId)
        .catch((error: unknown) => deps.log("take-over failed", { runId, error: messageOf(error) }))
        .finally(() => healing.delete(runId));
      healing.set(runId, healed);
    }
    for (const runId of await waitingRuns(deps.database)) await options.wake(runId);
    await expireRequests(deps.database, await expiredRequests(deps.database));
  };
  const tick = (): void => {
    running ??= step()
      .catch((error: unknown) => deps.log("reconciling failed", { error: messageOf(error) }))
      .finally(() => (running = null));
  };
  tick();
  const timer = setInterval(tick, options.everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
      // What a worker has begun to heal it heals before it leaves; after its grace another one does.
      await Promise.allSettled(healing.values());
    },
  };
}
