import { messageOf } from "../errors.ts";
import type { Recorder } from "../probes/recorder.ts";
import type { Convergence } from "../probes/system.ts";
import { raiseIfUnproven } from "./alarms/raise.ts";
import { mender } from "./alarms/restart.ts";
import { isStopWish, type Ending } from "./ending.ts";
import type { RunExercise } from "./exercise.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import { noteRemoved, proveDataPath, proveFaultsGone, removeFaults, removeLabelled } from "./heal.ts";
import type { HealStep } from "./ladder/steps.ts";
import { faultPossible } from "./lifecycle.ts";
import type { Walk } from "./walk.ts";

/** How long a worker that was told to leave waits for the system to recover; healing itself is not shortened. */
const shutdownRecoveryMs = 5000;

/** Removes every fault, proves it in the data path, and waits for the system to agree with itself again. */
export async function healAndProve(
  all: Walk,
  recorder: Recorder,
  ending: Ending,
  exercise: RunExercise,
): Promise<HealingProof[]> {
  const touched = faultPossible(all.journal.state());
  const { run, cluster, deps, journal, ownership, session } = all;
  const signal = ownership.lost;
  recorder.phase("healing");
  // Not waited for: the cluster is healed whether or not PostgreSQL is there to be told.
  const noted = journal.move("healing", {
    atMs: recorder.now(),
    outcome: ending.outcome,
    ...(ending.reason === null ? {} : { reason: ending.reason }),
  });
  noted.catch((error: unknown) => deps.log("healing could not be noted", { run: run.id, error: messageOf(error) }));
  const tell = (step: HealStep): void =>
    void journal
      .say(step)
      .catch((error: unknown) => deps.log("a step could not be told", { run: run.id, error: messageOf(error) }));
  const { removed, proofs, faults } = await removeFaults({
    runId: run.id,
    cluster,
    database: deps.database,
    signal,
    deadlines: deps.healDeadlines,
    now: recorder.now,
    faults: all.faults,
    onStep: tell,
    mend: mender({ database: deps.database, cluster, runId: run.id, log: deps.log, signal, say: journal.say }),
  });
  for (const { fault, name } of removed) {
    recorder.event({ atMs: recorder.now(), source: "run", event: "fault-removed", detail: { fault, name } });
  }
  recorder.phase("recovery");
  await noted;
  await journal.move("verifying", {
    atMs: recorder.now(),
    events: [...removed, ...proofs],
    also: async (client) => {
      await noteRemoved(client, run.id, removed);
      // At once, not when the run has ended: recovery may take minutes.
      await raiseIfUnproven(client, { run, proofs, paging: deps.paging, fence: ownership.fence });
    },
  });
  const paths = [
    ...(await proveFaultsGone(faults, { cluster, signal })),
    ...(await proveDataPath(faults, { cluster, session, signal })),
  ];
  if (paths.length > 0) await journal.say(...paths);

  const shutdown = isStopWish(ownership.stop.reason) && ownership.stop.reason.kind === "shutdown";
  const startedMs = recorder.now();
  const converged = await session
    .awaitConvergence(recorder, shutdown ? shutdownRecoveryMs : run.plan.phases.recoveryMs, signal)
    .catch((error: unknown): Convergence => {
      signal.throwIfAborted();
      deps.log("waiting for the members failed", { run: run.id, error: messageOf(error) });
      return { converged: false, summary: "whether they agree is unknown: looking failed" };
    });
  const { converged: ok, summary, atMs = recorder.now() } = converged;
  await journal.say({ type: "converged", ok, summary, tookMs: atMs - startedMs });
  const shown = touched && !shutdown ? await exerciseProofs(exercise, signal) : [];
  // An injection whose answer was lost may have been carried out after everything was removed.
  const late = touched ? await removeLate(all, tell) : [];
  if (shown.length + late.length > 0) await journal.say(...shown, ...late);
  return [...proofs, ...paths, ...shown, ...late];
}

/** What the exercise proves; where it fails, that nothing was proven. */
async function exerciseProofs(exercise: RunExercise, signal: AbortSignal): Promise<HealingProof[]> {
  try {
    return await exercise.after(signal);
  } catch (error) {
    signal.throwIfAborted();
    const detail = messageOf(error);
    return [{ type: "healing-proof", what: "the system was checked after the run", ok: false, detail }];
  }
}

/** Looks once more for what carries the run's label. Nothing is said where nothing is found. */
async function removeLate(
  { run, cluster, deps, ownership }: Walk,
  onStep: (step: HealStep) => void,
): Promise<HealingProof[]> {
  const tools = { cluster, signal: ownership.lost, onStep };
  const proofs = await removeLabelled({ runId: run.id, cluster, tools, deadlines: deps.healDeadlines });
  return proofs.length === 1 && proofs[0]?.ok === true ? [] : proofs;
}
