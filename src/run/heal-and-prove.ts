import type { Recorder } from "../probes/recorder.ts";
import { isStopWish, type Ending } from "./ending.ts";
import type { RunExercise } from "./exercise.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import { proveDataPath, proveFaultsGone, removeFaults } from "./heal.ts";
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
  recorder.phase("healing");
  await journal.move("healing", {
    atMs: recorder.now(),
    outcome: ending.outcome,
    ...(ending.reason === null ? {} : { reason: ending.reason }),
  });
  const { removed, proofs, faults } = await removeFaults({
    runId: run.id,
    cluster,
    database: deps.database,
    signal: ownership.lost,
    deadlines: deps.healDeadlines,
    now: recorder.now,
  });
  for (const { fault, name } of removed) {
    recorder.event({ atMs: recorder.now(), source: "run", event: "fault-removed", detail: { fault, name } });
  }
  recorder.phase("recovery");
  await journal.move("verifying", { atMs: recorder.now(), events: [...removed, ...proofs] });
  const paths = [
    ...(await proveFaultsGone(faults, { cluster, signal: ownership.lost })),
    ...(await proveDataPath(faults, { cluster, session, signal: ownership.lost })),
  ];
  if (paths.length > 0) await journal.say(...paths);

  const shutdown = isStopWish(ownership.stop.reason) && ownership.stop.reason.kind === "shutdown";
  const startedMs = recorder.now();
  const converged = await session.awaitConvergence(
    recorder,
    shutdown ? shutdownRecoveryMs : run.plan.phases.recoveryMs,
    ownership.lost,
  );
  const { converged: ok, summary, atMs = recorder.now() } = converged;
  await journal.say({ type: "converged", ok, summary, tookMs: atMs - startedMs });
  const shown = touched && !shutdown ? await exercise.after(ownership.lost) : [];
  if (shown.length > 0) await journal.say(...shown);
  return [...proofs, ...paths, ...shown];
}
