import { isAftershockError, messageOf } from "../errors.ts";
import { createRecorder, type Recorder } from "../probes/recorder.ts";
import type { RunningProbes } from "../probes/system.ts";
import { findRun } from "../store/runs.ts";
import { requireApproved } from "./approval-check.ts";
import { conclude } from "./conclude.ts";
import { failure, type Ending } from "./ending.ts";
import { exerciseOf } from "./exercise.ts";
import type { GuardEvent } from "./guards.ts";
import { refuseWhenHalted } from "./halt/gate.ts";
import { healAndProve } from "./heal-and-prove.ts";
import { createJournal, journalTools } from "./journal.ts";
import { noteWay } from "./note-way.ts";
import { isLeaseLost, takeOwnership, type Ownership } from "./ownership.ts";
import { preflight } from "./preflight.ts";
import { publishLive, type Publisher } from "./publish.ts";
import { runFault } from "./run-fault.ts";
import { openPlanned, type PlannedSession } from "./systems.ts";
import { pause } from "./wait.ts";
import { watchRun } from "./watching/watch-run.ts";
import type { ConductorDeps, Walk } from "./walk.ts";

export type { ConductorDeps } from "./walk.ts";

/** How long clients go on after the system has recovered, so that their outages end inside the history. */
const tailMs = 2000;

/**
 * Drives one approved run through its phases, alone: the lease decides who. Heals on every way out; when the lease
 * is lost it stops and touches nothing, since another worker heals then. Does nothing if the run is not waiting.
 */
export async function conduct(deps: ConductorDeps, runId: string): Promise<void> {
  const ownership = await takeOwnership(deps.database, runId, ["approved"], deps.lease);
  if (ownership === null) return;
  deps.onOwned(ownership);
  try {
    await walk(deps, ownership);
  } catch (error) {
    if (!isLeaseLost(error, ownership)) throw error;
    deps.observer?.leaseLost(runId);
    deps.log("lease lost; leaving the run to its new owner", { runId });
  } finally {
    ownership.release();
  }
}

async function walk(deps: ConductorDeps, ownership: Ownership): Promise<void> {
  const run = await findRun(deps.database, ownership.runId);
  if (run === null) throw new Error(`${ownership.runId} vanished`);
  const journal = createJournal(deps.database, ownership, journalTools(deps));
  await journal.say({ type: "claimed", worker: deps.lease.owner, fence: ownership.fence, takenOver: false });
  try {
    await journal.move("preflight", { also: refuseWhenHalted });
  } catch (error) {
    if (!isAftershockError(error) || error.code !== "halted") throw error;
    // The halt itself ends what waits; this worker has touched nothing.
    return deps.log("not started: everything is halted", { runId: ownership.runId });
  }
  const guards: GuardEvent[] = [];
  let session: PlannedSession | undefined;
  try {
    const experiment = deps.registry.experiments.find((candidate) => candidate.name === run.experiment);
    if (experiment === undefined) throw new Error(`the experiment ${run.experiment} is no longer in the catalogue`);
    await requireApproved(deps, run, ownership.lost);
    const cluster = deps.registry.cluster(run.plan.cluster);
    session = await openPlanned(deps.registry, run.plan, { runId: run.id, signal: ownership.lost, log: deps.log });
    const all: Walk = { deps, run, experiment, cluster, session, journal, ownership, guards, faults: [] };
    const refused = await preflight(all);
    if (refused === null) return await experimentAndHeal(all);
    await conclude({ ...all, ending: refused, history: null, proofs: [] });
  } catch (error) {
    ownership.lost.throwIfAborted();
    if (journal.state() !== "preflight") throw error;
    // Nothing was touched yet: the run can simply end.
    const ending = failure(deps, journal, error);
    await conclude({ deps, run, journal, guards, ending, history: null, proofs: [] });
  } finally {
    await session?.close();
  }
}

async function experimentAndHeal(all: Walk): Promise<void> {
  const { run, session, journal, ownership, deps } = all;
  const settings = await session.settings();
  const described = await session.describe();
  const recorder = createRecorder(
    {
      type: "header",
      schemaVersion: 1,
      run: run.id,
      experiment: run.experiment,
      system: run.plan.system,
      zeroAt: new Date().toISOString(),
      ...described,
      ...(session.way?.kind() === "port-forward" ? { wayIn: "port-forward" as const } : {}),
    },
    { onOperation: (operation) => deps.observer?.operation(run.plan.system, operation) },
  );
  for (const setting of settings) recorder.setting(setting);
  recorder.phase("baseline");
  await journal.move("baseline", { atMs: 0 });
  noteWay(session.way, recorder, journal);

  const live: { probes?: RunningProbes; publisher?: Publisher } = {};
  const exercise = exerciseOf(session, recorder, journal);
  const watch = watchRun(all, recorder);
  let ending: Ending;
  try {
    live.probes = await session.start(recorder);
    live.publisher = publishLive(journal, live.probes, (error) =>
      deps.log("publishing failed", { error: messageOf(error) }),
    );
    ending = await runFault(all, recorder, live.probes, exercise);
  } catch (error) {
    ownership.lost.throwIfAborted();
    ending = failure(deps, journal, error);
  } finally {
    watch.stop();
  }
  try {
    const proofs = await healAndProve(all, recorder, ending, exercise);
    try {
      await finish(all, recorder, live);
    } catch (error) {
      // The fault is healed; what could not be read back is unknown, and the run says so instead of vanishing.
      ownership.lost.throwIfAborted();
      const failed = failure(deps, journal, error);
      if (ending.outcome === "completed") ending = failed;
    }
    await journal.move("judging", { atMs: recorder.now() });
    await conclude({ ...all, ending, history: recorder.history(), proofs });
  } finally {
    await live.publisher?.stop().catch(() => undefined);
    await live.probes?.stop().catch(() => undefined);
  }
}

/** Lets the clients finish, then reads back what every member holds, and removes what the probes wrote. */
async function finish(
  { session, ownership, deps }: Walk,
  recorder: Recorder,
  live: { probes?: RunningProbes; publisher?: Publisher },
): Promise<void> {
  await pause(tailMs, ownership.lost);
  await live.publisher?.stop();
  await live.probes?.stop();
  recorder.phase("final-reads");
  for (const read of await session.finalReads(recorder)) recorder.finalRead(read);
  await session
    .cleanUp()
    .catch((error: unknown) => deps.log("probe keys stay until they expire", { error: messageOf(error) }));
}
