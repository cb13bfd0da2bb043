import { messageOf } from "../../errors.ts";
import { askCheck, claimCheck, duePages, noteCheck, notePage, resolve } from "../../store/alarms.ts";
import { inTransaction } from "../../store/database.ts";
import { appendEvents } from "../../store/events.ts";
import { faultsOf, setFaultState } from "../../store/faults.ts";
import { claimRestart, endRestart } from "../../store/pod-restarts.ts";
import { findRun } from "../../store/runs.ts";
import type { ConductorDeps } from "../walk.ts";
import { defaultPaging, waitMs } from "./alarm.ts";
import { healAgain } from "./heal-again.ts";
import { restartPod } from "./restart.ts";
import { joinSignals } from "../../join-signals.ts";

/** Healing again and proving end before this; a worker that dies meanwhile keeps an alarm from the others this long. */
const checkBoundMs = 10 * 60_000;
const restartClaimMs = 60_000;

export type KeeperDeps = Pick<ConductorDeps, "database" | "registry" | "healDeadlines" | "paging" | "log">;

export interface AlarmKeeper {
  stop(): Promise<void>;
}

/**
 * The worker's part in alarms: pages again until somebody acknowledges, does the restarts that were asked for after a
 * run's end, and heals and looks again until it is proven clean. Several workers may do it: every step is claimed or
 * compare-and-set in PostgreSQL.
 */
export function startAlarmKeeper(deps: KeeperDeps, everyMs: number): AlarmKeeper {
  const ended = new AbortController();
  const working = new Set<Promise<void>>();
  /** One of each at a time, so that a check which takes minutes delays no page. */
  const jobs = [pageDue, restartDue, checkDue].map((job) => ({ job, busy: false }));
  const tick = (): void => {
    for (const entry of jobs) {
      if (entry.busy || ended.signal.aborted) continue;
      entry.busy = true;
      const work = entry
        .job(deps, ended.signal)
        .catch((error: unknown) => {
          if (!ended.signal.aborted) deps.log("keeping alarms failed", { error: messageOf(error) });
        })
        .finally(() => {
          entry.busy = false;
          working.delete(work);
        });
      working.add(work);
    }
  };
  tick();
  const timer = setInterval(tick, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      ended.abort(new Error("the worker is shutting down"));
      await Promise.allSettled(working);
    },
  };
}

/** Says it once more for every raised alarm whose time has come. */
export async function pageDue({ database, paging = defaultPaging }: KeeperDeps): Promise<void> {
  for (const { runId, pages } of await duePages(database)) {
    await inTransaction(database, async (client) => {
      const againAfterMs = waitMs(paging.againAfterMs, pages + 1);
      if (!(await notePage(client, { runId, pages, nextMs: againAfterMs }))) return;
      await appendEvents(client, runId, [{ type: "alarm-paged", number: pages + 1, againAfterMs }]);
    });
  }
}

/** Does one restart that was asked for after its run's end, and has the proof follow. */
export async function restartDue(deps: KeeperDeps, signal: AbortSignal): Promise<void> {
  const { database, registry } = deps;
  const asked = await claimRestart(database, restartClaimMs, null);
  if (asked === null) return;
  const run = await findRun(database, asked.runId);
  if (run === null || !registry.clusterNames.includes(run.plan.cluster))
    return endRestart(database, asked.id, "failed");
  const done = await restartPod(registry.cluster(run.plan.cluster), asked, signal);
  await inTransaction(database, async (client) => {
    await endRestart(client, asked.id, done.ok ? "done" : "failed");
    await appendEvents(client, run.id, [done]);
    await askCheck(client, run.id, null);
  });
}

/** Heals one run again whose time has come, and resolves its alarm when everything is proven. */
export async function checkDue(deps: KeeperDeps, signal: AbortSignal): Promise<void> {
  const { database, paging = defaultPaging } = deps;
  const claim = await claimCheck(database, checkBoundMs);
  if (claim === null) return;
  const { runId, checks, askedBy, lastProblem } = claim;
  const run = await findRun(database, runId);
  if (run === null) return;
  const proofs = await healAgain(deps, run, joinSignals(signal, AbortSignal.timeout(checkBoundMs)));
  const failed = proofs.filter(({ ok }) => !ok);
  if (failed.length === 0) {
    await resolveAlarm(
      deps,
      runId,
      proofs.map(({ what }) => what),
    );
    return;
  }
  const problem = failed.map(({ what, detail }) => `Not so: ${what}. ${detail}`).join("\n");
  await inTransaction(database, async (client) => {
    await noteCheck(client, { runId, problem, nextMs: waitMs(paging.recheckAfterMs, checks + 1) });
    // The same in vain again is no news, unless somebody waits for the answer.
    if (problem === lastProblem && askedBy === null) return;
    await appendEvents(client, runId, [{ type: "alarm-checked", by: askedBy, problem }]);
  });
}

/** The faults are gone, and proven so: by whomever, this is said once. False: it was resolved before, or none was raised. */
export async function resolveAlarm(
  { database }: Pick<KeeperDeps, "database">,
  runId: string,
  proofs: string[],
): Promise<boolean> {
  return inTransaction(database, async (client) => {
    if (!(await resolve(client, runId))) return false;
    for (const { faultId } of await faultsOf(client, runId)) await setFaultState(client, runId, faultId, "verified");
    await appendEvents(client, runId, [{ type: "alarm-resolved", proofs }]);
    return true;
  });
}
