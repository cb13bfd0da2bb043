import type { Authoriser } from "../approvals/authoriser.ts";
import { startScheduleWorker } from "../queue/schedule-queue.ts";
import { handleDue } from "../run/schedules/due.ts";
import { startScheduleReconciler, type ReconcileDeps } from "../run/schedules/reconciler.ts";
import type { Foundation } from "./foundation.ts";

/** How often the database is looked at for what the queue lost. The first look is at the start. */
const reconcileEveryMs = 60_000;

/** The worker's part in schedules: takes wake-up calls, and mends what is missing. */
export function startSchedules(foundation: Foundation, authoriser: Authoriser): { stop(): Promise<void> } {
  const { loaded, log, database, registry, queue, scheduleQueue } = foundation;
  const { defaultProfile } = loaded.config;
  const deps: ReconcileDeps = {
    database,
    registry,
    authoriser,
    ...(defaultProfile === undefined ? {} : { defaultProfile }),
    wake: queue.wake,
    wakeUpCalls: scheduleQueue,
    now: foundation.clock.now,
    log: (message, detail) => log.warn(detail ?? {}, message),
  };
  const reconciler = startScheduleReconciler(deps, reconcileEveryMs);
  const worker = startScheduleWorker({
    redisUrl: loaded.secrets.redisUrl,
    handle: (id) => handleDue(deps, id),
    onError: (error) => log.error({ err: error }, "schedule worker"),
  });
  return {
    stop: async () => {
      await Promise.allSettled([reconciler.stop(), worker.close()]);
    },
  };
}
