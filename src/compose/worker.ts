import { messageOf } from "../errors.ts";
import type { ReadinessCheck } from "../health.ts";
import { startRunWorker } from "../queue/run-queue.ts";
import { conduct } from "../run/conductor.ts";
import { startAlarmKeeper } from "../run/alarms/keeper.ts";
import { startJanitor } from "../run/janitor.ts";
import { haltWish, type Ownership } from "../run/ownership.ts";
import { startReconciler } from "../run/reconciler.ts";
import { composeConducting } from "./conducting.ts";
import type { Foundation } from "./foundation.ts";
import { composeAuthoriser } from "./policy.ts";
import { startHaltKeeper } from "./halt-keeper.ts";
import { listen } from "../store/listen.ts";
import { startSchedules } from "./schedules.ts";

export interface Role {
  /** What must work, beyond database and queue, before the role is ready. */
  checks?: readonly ReadinessCheck[];
  /** Stops taking work, heals what is under way, and leaves. */
  stop(): Promise<void>;
}

/** The worker: conducts runs, and heals those whose worker is gone. */
export function startWorker(foundation: Foundation): Role {
  const { loaded, log, database, registry, metrics } = foundation;
  const { worker: settings } = loaded.config;
  const underWay = new Set<Promise<void>>();
  let leaving = false;
  const stopForLeaving = (ownership: Ownership): void =>
    ownership.requestStop({ kind: "shutdown", by: deps.lease.owner, reason: "the worker is shutting down" });
  const { deps, owned } = composeConducting({
    config: loaded.config,
    database,
    registry,
    authoriser: composeAuthoriser(
      { ...loaded, slackFetch: metrics.slackFetch(loaded.config.slack.apiUrl) },
      null,
      foundation.knownNames,
      foundation.clock.now,
    ),
    log,
    observer: metrics.runs,
    onOwned: (ownership) => {
      if (leaving) stopForLeaving(ownership);
    },
  });
  metrics.countOwned(() => owned.size);
  const handle = async (runId: string): Promise<void> => {
    const work = conduct(deps, runId);
    underWay.add(work);
    try {
      await work;
    } finally {
      underWay.delete(work);
    }
  };
  const worker = startRunWorker({
    redisUrl: loaded.secrets.redisUrl,
    concurrency: settings.concurrency,
    handle,
    onError: (error) => log.error({ err: error }, "run worker"),
  });
  const reconciler = startReconciler(deps, { everyMs: settings.reconcileEvery, wake: foundation.queue.wake });
  const alarms = startAlarmKeeper(deps, settings.reconcileEvery);
  const schedules = startSchedules(foundation, deps.authoriser);
  const janitor = startJanitor(
    {
      database,
      clusters: registry.clusterNames.map(registry.cluster),
      healDeadlines: deps.healDeadlines,
      paging: deps.paging,
      log: (message, detail) => log.warn(detail ?? {}, message),
    },
    settings.janitorEvery,
  );
  const keeper = startHaltKeeper(foundation, (held) => {
    for (const ownership of owned) ownership.requestStop(haltWish(held));
  });
  const aborts = listen(
    database,
    "run_aborts",
    () => owned.forEach((ownership) => ownership.look()),
    (error) => log.warn({ error: messageOf(error) }, "listening for stops"),
  );
  return {
    stop: async () => {
      // A start that is being planned may take a while; healing does not wait for it.
      const others = Promise.allSettled([
        schedules.stop(),
        alarms.stop(),
        keeper.stop(),
        janitor.stop(),
        aborts.stop(),
      ]);
      leaving = true;
      owned.forEach(stopForLeaving);
      await Promise.allSettled([...underWay, reconciler.stop()]);
      await Promise.allSettled([worker.close(), others]);
    },
  };
}
