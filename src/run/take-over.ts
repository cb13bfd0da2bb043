import { isAftershockError, messageOf } from "../errors.ts";
import { findAlarm } from "../store/alarms.ts";
import { faultsOf, type StoredFault } from "../store/faults.ts";
import { findRun, type StoredRun } from "../store/runs.ts";
import { raiseIfUnproven } from "./alarms/raise.ts";
import { mender } from "./alarms/restart.ts";
import { conclude } from "./conclude.ts";
import type { ConductorDeps } from "./conductor.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import { noteRemoved, removeFaults, type Healing } from "./heal.ts";
import { createJournal, journalTools, type Journal } from "./journal.ts";
import { endAsJudged, judgedReport } from "./judged.ts";
import { canMove, isOwned, runStates } from "./lifecycle.ts";
import { noteAuditHead } from "./note-audit-head.ts";
import { isLeaseLost, takeOwnership, type Ownership } from "./ownership.ts";
import { proveAfresh } from "./prove-afresh.ts";

/** States in which a run needs an owner. */
export const ownedStates = runStates.filter(isOwned);

/**
 * Ends a run whose worker is gone: heals what it may have injected, proves it, and says `interrupted`. The worker's
 * history died with it, so nothing is claimed about the hypothesis. A run that was judged already only wants its end, and
 * gets the one it was judged by. Does nothing if somebody owns the run.
 */
export async function takeOver(deps: ConductorDeps, runId: string): Promise<void> {
  const ownership = await takeOwnership(deps.database, runId, ownedStates, deps.lease);
  if (ownership === null) return;
  deps.onOwned(ownership);
  try {
    const run = await findRun(deps.database, runId);
    if (run === null) throw new Error(`${runId} vanished`);
    await healOrphan(deps, run, ownership).catch((error: unknown) => {
      if (isLeaseLost(error, ownership) || ownership.fence < mostTakeOvers) throw error;
      deps.log("given up aloud", { runId, error: messageOf(error) });
      return giveUp(deps, run, ownership, error);
    });
  } catch (error) {
    if (!isLeaseLost(error, ownership)) throw error;
    deps.observer?.leaseLost(runId);
    deps.log("lease lost; leaving the run to its new owner", { runId });
  } finally {
    ownership.release();
  }
}

/** Workers that came and went before a run which none of them can end is ended as it is, with an alarm. */
const mostTakeOvers = 8;

/** Whatever keeps it from its end, a run must not be taken over for ever: it ends, and people are told that it is unproven. */
async function giveUp(deps: ConductorDeps, run: StoredRun, ownership: Ownership, error: unknown): Promise<void> {
  const stored = await findRun(deps.database, run.id);
  const journal = createJournal(
    deps.database,
    { ...ownership, state: stored?.state ?? ownership.state },
    journalTools(deps),
  );
  const what = `the faults of ${run.id} are gone`;
  const detail = `${ownership.fence} workers have tried, and none could end it: ${messageOf(error)}`;
  const proofs: HealingProof[] = [{ type: "healing-proof", what, ok: false, detail }];
  for (const next of ["healing", "verifying", "judging"] as const) {
    if (canMove(journal.state(), next) && journal.state() !== "preflight") await journal.move(next);
  }
  await journal.move("interrupted", {
    outcome: "interrupted",
    reason: "No worker could end it; what it may have left is unproven.",
    events: proofs,
    also: (client) => raiseIfUnproven(client, { run, proofs, paging: deps.paging, fence: ownership.fence }),
  });
}

async function healOrphan(deps: ConductorDeps, run: StoredRun, ownership: Ownership): Promise<void> {
  const journal = createJournal(deps.database, ownership, journalTools(deps));
  const diedIn = journal.state();
  await journal.say({ type: "claimed", worker: deps.lease.owner, fence: ownership.fence, takenOver: true });
  const report = diedIn === "judging" ? await judgedReport(deps.database, run.id) : null;
  if (report !== null) {
    await noteAuditHead(deps, run.id, journal);
    const proofs = report.cleanup.map((proof): HealingProof => ({ type: "healing-proof", ...proof }));
    return endAsJudged(journal, report, (client) => raiseIfUnproven(client, { run, proofs, paging: deps.paging }));
  }
  const ending = {
    outcome: "interrupted",
    reason: `The worker was lost while the run was in ${diedIn}; another one healed it.`,
  } as const;
  if (diedIn === "preflight") {
    return conclude({ deps, run, journal, guards: [], ending, history: null, proofs: [] });
  }
  const reached = (state: "healing" | "verifying"): boolean =>
    runStates.indexOf(journal.state()) >= runStates.indexOf(state);
  if (!reached("healing")) await journal.move("healing", ending);
  const faults = await faultsOf(deps.database, run.id);
  const { removed, proofs } = await heal(deps, run, ownership, journal, faults);
  const events = [...removed, ...proofs];
  if (journal.state() === "healing") {
    await journal.move("verifying", {
      events,
      also: async (client) => {
        await noteRemoved(client, run.id, removed);
        await raiseIfUnproven(client, { run, proofs, paging: deps.paging, fence: ownership.fence });
      },
    });
  } else await journal.say(...events);
  const paths = await proveAfresh(deps, run, faults, ownership.lost);
  if (paths.length > 0) await journal.say(...paths);
  const all = [...proofs, ...paths, ...(await earlierDoubt(deps, run))];
  if (journal.state() === "verifying") await journal.move("judging");
  return conclude({ deps, run, journal, guards: [], ending, history: null, proofs: all });
}

/** What a worker before this one could not prove is not proven by finding nothing now: it may have been freed by force. */
async function earlierDoubt(deps: ConductorDeps, run: StoredRun): Promise<HealingProof[]> {
  const alarm = await findAlarm(deps.database, run.id);
  if (alarm === null || alarm.state === "resolved") return [];
  return [{ type: "healing-proof", what: "the healing was proven", ok: false, detail: alarm.reasons.join(" ") }];
}

async function heal(
  deps: ConductorDeps,
  run: StoredRun,
  ownership: Ownership,
  journal: Journal,
  faults: StoredFault[],
): Promise<Pick<Healing, "removed" | "proofs">> {
  const { database, log } = deps;
  const signal = ownership.lost;
  try {
    const cluster = deps.registry.cluster(run.plan.cluster);
    return await removeFaults({
      runId: run.id,
      cluster,
      database,
      signal,
      mend: mender({ database, cluster, runId: run.id, signal, say: journal.say, log }),
      deadlines: deps.healDeadlines,
      now: () => null,
      faults,
      onStep: (step) =>
        void journal
          .say(step)
          .catch((error: unknown) => deps.log("a step could not be told", { run: run.id, error: messageOf(error) })),
    });
  } catch (error) {
    // A cluster that is no longer configured cannot be healed from here, and the run must end all the same: loudly.
    if (!isAftershockError(error) || error.code !== "unknown_cluster") throw error;
    const what = `the faults of ${run.id} were removed from ${run.plan.cluster}`;
    return { removed: [], proofs: [{ type: "healing-proof", what, ok: false, detail: error.message }] };
  }
}
