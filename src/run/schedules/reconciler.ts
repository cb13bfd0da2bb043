import { messageOf } from "../../errors.ts";
import { inTransaction } from "../../store/database.ts";
import { lockSchedule, openSchedules } from "../../store/schedules.ts";
import { move, type WakeUpCalls } from "./create-service.ts";
import type { Timing } from "./cron.ts";
import { handleDue, type DueDeps } from "./due.ts";
import type { Schedule } from "./schedule.ts";

/** The wake-up calls as the queue has them; `nextAtMs` is null where it does not know. */
export interface SetCall extends Timing {
  id: string;
  nextAtMs: number | null;
}

export interface ReconcileDeps extends DueDeps {
  wakeUpCalls: WakeUpCalls & { list(): Promise<SetCall[]> };
}

export interface ScheduleReconciler {
  stop(): Promise<void>;
}

/** A call that should have come this long ago is lost. */
const lostAfterMs = 60_000;

/**
 * Looks at the database at the start and from then on: schedules whose wake-up calls are missing in the queue (all of
 * Redis may be lost) get them again, due times that nobody was woken for are handled, requests past their time expire.
 */
export function startScheduleReconciler(deps: ReconcileDeps, everyMs: number): ScheduleReconciler {
  let running: Promise<void> | null = null;
  const stopping = new AbortController();
  const tick = (): void => {
    running ??= reconcileSchedules(deps, stopping.signal)
      .catch((error: unknown) => deps.log("reconciling schedules failed", { error: messageOf(error) }))
      .finally(() => (running = null));
  };
  tick();
  const timer = setInterval(tick, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

/** One look. What the queue cannot do now does not keep due times from being handled. Stops between two schedules. */
export async function reconcileSchedules(deps: ReconcileDeps, signal?: AbortSignal): Promise<void> {
  await mendCalls(deps).catch((error: unknown) =>
    deps.log("wake-up calls of schedules could not be mended", { error: messageOf(error) }),
  );
  for (const schedule of await openSchedules(deps.database)) {
    if (signal?.aborted === true) return;
    if (schedule.state === "requested") await expire(deps, schedule);
    else {
      await handleDue(deps, schedule.id).catch((error: unknown) =>
        deps.log("schedule", { schedule: schedule.id, error: messageOf(error) }),
      );
    }
  }
}

async function mendCalls({ database, wakeUpCalls, now }: ReconcileDeps): Promise<void> {
  // In this order: a schedule that becomes active in between is only set twice, never removed.
  const calls = await wakeUpCalls.list();
  const active = (await openSchedules(database)).filter(({ state }) => state === "active");
  for (const schedule of active) {
    const call = calls.find(({ id }) => id === schedule.id);
    const good =
      call?.pattern === schedule.pattern &&
      call.timeZone === schedule.timeZone &&
      call.nextAtMs !== null &&
      call.nextAtMs > now().getTime() - lostAfterMs;
    if (!good) await wakeUpCalls.set(schedule.id, schedule);
  }
  for (const { id } of calls) {
    if (!active.some((schedule) => schedule.id === id)) await wakeUpCalls.remove(id);
  }
}

async function expire({ database, now }: ReconcileDeps, { id, requestExpiresAt }: Schedule): Promise<void> {
  if (Date.parse(requestExpiresAt) > now().getTime()) return;
  await inTransaction(database, async (client) => {
    const schedule = await lockSchedule(client, id);
    if (schedule?.state === "requested") await move(client, schedule, "expired", [{ type: "expired" }]);
  });
}
