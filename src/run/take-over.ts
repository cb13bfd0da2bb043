import { messageOf } from "../errors.ts";
import type { SystemSession } from "../probes/system.ts";
import { faultsOf } from "../store/faults.ts";
import { findRun, type StoredRun } from "../store/runs.ts";

import { conclude } from "./conclude.ts";
import type { ConductorDeps } from "./conductor.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import { proveDataPath, proveFaultsGone, removeFaults } from "./heal.ts";
import { createJournal, type Journal } from "./journal.ts";
import { endAsJudged, judgedReport } from "./judged.ts";
import { isOwned, runStates } from "./lifecycle.ts";
import { takeOwnership, type Ownership } from "./ownership.ts";
import { systemContext } from "./systems.ts";

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
    await healOrphan(deps, run, ownership);
  } catch (error) {
    if (!ownership.lost.aborted) throw error;
    deps.log("lease lost; leaving the run to its new owner", { runId });
  } finally {
    ownership.release();
  }
}

async function healOrphan(deps: ConductorDeps, run: StoredRun, ownership: Ownership): Promise<void> {
  const journal = createJournal(deps.database, ownership);
  const diedIn = journal.state();
  await journal.say({ type: "claimed", worker: deps.lease.owner, fence: ownership.fence, takenOver: true });
  const report = diedIn === "judging" ? await judgedReport(deps.database, run.id) : null;
  if (report !== null) return endAsJudged(journal, report);
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
  const proofs = await heal(deps, run, ownership, journal);
  if (journal.state() === "healing") await journal.move("verifying", { events: proofs });
  else await journal.say(...proofs);
  const paths = await prove(deps, run, ownership, journal);
  if (journal.state() === "verifying") await journal.move("judging");
  return conclude({ deps, run, journal, guards: [], ending, history: null, proofs: [...proofs, ...paths] });
}

async function heal(
  deps: ConductorDeps,
  run: StoredRun,
  ownership: Ownership,
  journal: Journal,
): Promise<HealingProof[]> {
  const { removed, proofs } = await removeFaults({
    runId: run.id,
    cluster: deps.registry.cluster(run.plan.cluster),
    database: deps.database,
    signal: ownership.lost,
    deadlines: deps.healDeadlines,
    now: () => null,
  });
  await journal.say(...removed);
  return proofs;
}

/** Opens the system afresh and proves the data path; a system that cannot be opened proves nothing. */
async function prove(
  deps: ConductorDeps,
  run: StoredRun,
  ownership: Ownership,
  journal: Journal,
): Promise<HealingProof[]> {
  const faults = await faultsOf(deps.database, run.id);
  const cluster = deps.registry.cluster(run.plan.cluster);
  const back = await proveFaultsGone(faults, { cluster, signal: ownership.lost });
  if (back.length > 0) await journal.say(...back);
  let session: SystemSession | undefined;
  try {
    session = await deps.registry.system(run.plan.system).open(
      systemContext({
        cluster,
        namespace: run.plan.namespace,
        parameters: run.plan.parameters,
        runId: run.id,
        signal: ownership.lost,
        log: deps.log,
      }),
    );
    const paths = await proveDataPath(faults, { cluster, session, signal: ownership.lost });
    if (paths.length > 0) await journal.say(...paths);
    await session.cleanUp();
    return [...back, ...paths];
  } catch (error) {
    ownership.lost.throwIfAborted();
    deps.log("the system could not be opened to prove the healing", { run: run.id, error: messageOf(error) });
    // A run that injected nothing has nothing to prove.
    if (faults.length === 0 && run.plan.faults.length > 0) return back;
    const proof: HealingProof = {
      type: "healing-proof",
      what: "the data path was tried",
      ok: false,
      detail: messageOf(error),
    };
    await journal.say(proof);
    return [...back, proof];
  } finally {
    await session?.close();
  }
}
