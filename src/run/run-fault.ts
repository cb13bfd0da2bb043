import { messageOf } from "../errors.ts";
import type { Recorder } from "../probes/recorder.ts";
import type { RunningProbes } from "../probes/system.ts";
import { databaseNow, inTransactionOnce } from "../store/database.ts";
import { setFaultState } from "../store/faults.ts";
import { installationOf } from "../store/installation.ts";
import { keepFault } from "./active-phase.ts";
import { requireInjectable, requireSameTargets } from "./approval-check.ts";
import { bounded } from "./bounded.ts";
import { stopped, type Ending } from "./ending.ts";
import type { RunExercise } from "./exercise.ts";
import { lookForEffect } from "./fault-effect.ts";
import type { Intent } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";
import { heldNow } from "./halt/gate.ts";
import { actionOf, intentOf, markedBy, storeIntents } from "./inject.ts";
import type { Journal } from "./journal.ts";
import { haltWish } from "./ownership.ts";
import { pause } from "./wait.ts";
import type { Walk } from "./walk.ts";
import { joinSignals } from "../join-signals.ts";

/** How long looking at a fault's effect may go on when its time is over; less than the dead-man's margin. */
const effectGraceMs = 5000;

/** Healing does not wait longer than this to learn why it is due. */
const heldLookMs = 2000;

/** Baseline, injection, and the time of the fault. */
export async function runFault(
  all: Walk,
  recorder: Recorder,
  probes: RunningProbes,
  exercise: RunExercise,
): Promise<Ending> {
  const { run, cluster, deps, journal, ownership } = all;
  const signal = joinSignals(ownership.lost, ownership.stop);
  await Promise.all([pause(run.plan.phases.baselineMs, signal), exercise.before(signal)]);
  ownership.lost.throwIfAborted();
  if (ownership.stop.aborted) return stopped(ownership);
  await requireSameTargets({ ...all, signal: ownership.lost });

  const pods = await cluster.pods(run.plan.namespace, ownership.lost);
  const installation = await installationOf(deps.database);
  const intents: Intent[] = [];
  const now = new Date(await databaseNow(deps.database));
  for (const fault of run.plan.faults) {
    const intent = markedBy(installation, intentOf(run.id, run.plan, fault, pods));
    intents.push((await faultKindOf(fault.kind).prepare?.(intent, { cluster, signal, now })) ?? intent);
  }
  if (await heldBack(all)) return stopped(ownership);
  recorder.phase("injecting");
  await storeIntents(journal, run.id, {
    intents,
    atMs: recorder.now(),
    require: (client) => requireInjectable(client, deps.authoriser, run),
  });
  // Kept in hand: healing must not have to ask PostgreSQL what was intended.
  all.faults = intents.map((intent) => ({ ...intent, state: "intended" }));
  for (const intent of intents) {
    if (await heldBack(all)) return stopped(ownership);
    const startedMs = recorder.now();
    try {
      ownership.requireHeld();
      await faultKindOf(intent.kind).inject(intent, { cluster, signal });
    } catch (error) {
      if (ownership.stop.aborted) return stopped(ownership);
      throw error;
    }
    await inTransactionOnce(
      deps.database,
      (client) => setFaultState(client, run.id, intent.faultId, "injected"),
      ownership.lost,
    );
    await tellInjected(journal, recorder, intent, startedMs);
  }
  // A run that is meant to have no fault is told apart from one whose fault never came.
  if (intents.every(({ kind }) => faultKindOf(kind).servesExercise === true)) {
    recorder.event({ atMs: recorder.now(), source: "run", event: "without-fault", detail: {} });
  }
  recorder.phase("active");
  await journal.move("active", { atMs: recorder.now() });
  const over = new AbortController();
  const looking = joinSignals(ownership.lost, over.signal);
  const looked = lookForEffect({ ...all, intents, recorder, signal: looking }).catch((error: unknown) =>
    deps.log("the fault's effect could not be looked at", { error: messageOf(error) }),
  );
  const { durationMs } = run.plan.phases;
  const ended = await keepFault({
    ...all,
    intents,
    probes,
    recorder,
    exercise,
    way: all.session.way ?? null,
    durationMs,
  });
  // Looking must not keep the fault: what is not seen by then is not known.
  await Promise.race([looked, pause(effectGraceMs, ownership.stop, ownership.lost)]);
  over.abort();
  // A halt from a command line removes the objects itself, and may be seen by that first.
  if (ended !== null) {
    const limits = { deadlineMs: heldLookMs, signal: ownership.lost };
    await bounded(() => heldBack(all), limits).catch(() => false);
  }
  if (ownership.stop.aborted) return stopped(ownership);
  return ended === null ? { outcome: "completed", reason: null } : { outcome: "failed", reason: ended };
}

/** True when everything is halted, in the database or on the cluster: the run is told to stop then. */
async function heldBack({ deps, cluster, ownership }: Walk): Promise<boolean> {
  const held = await heldNow(deps.database, cluster, ownership.lost);
  if (held !== null) ownership.requestStop(haltWish(held));
  return ownership.stop.aborted;
}

/** The rules take hold somewhere between asking and the report that they have; times count from asking. */
async function tellInjected(journal: Journal, recorder: Recorder, intent: Intent, startedMs: number): Promise<void> {
  const tookMs = recorder.now() - startedMs;
  recorder.event({
    atMs: startedMs,
    source: "run",
    event: "fault-injected",
    detail: {
      fault: intent.faultId,
      name: intent.name,
      kind: intent.kind,
      action: actionOf(intent),
      pods: intent.targets.subject.map(({ pod }) => pod).join(" "),
      confirmedAfterMs: Math.round(tookMs),
    },
  });
  const { faultId: fault, kind, name } = intent;
  await journal.say({ type: "fault-injected", fault, kind, name, atMs: startedMs, tookMs });
}
