import type { Cluster, PodWay } from "../cluster/port.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Recorder } from "../probes/recorder.ts";
import type { RunningProbes } from "../probes/system.ts";
import { messageOf } from "../errors.ts";
import type { RunEventBody } from "./events.ts";
import type { RunExercise } from "./exercise.ts";
import { watchDaemons } from "./daemon-watch.ts";
import type { Intent } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";
import type { Journal } from "./journal.ts";
import type { Ownership } from "./ownership.ts";
import { watchSight, type Sight } from "./sight.ts";
import { firedStopCondition } from "./stop-conditions.ts";
import { pause } from "./wait.ts";
import { joinSignals } from "../join-signals.ts";

const lookEveryMs = 500;
const lookWithinMs = 5000;
/** Clients connect again within this when the way to their pods stands again. */
const reconnectWithinMs = 2000;

interface ActivePhase {
  ownership: Ownership;
  journal: Journal;
  cluster: Cluster;
  experiment: Experiment;
  intents: readonly Intent[];
  probes: RunningProbes;
  recorder: Recorder;
  exercise: RunExercise;
  /** To the pods that the probes use; left out: one that never breaks. */
  way?: Pick<PodWay, "brokeWithin"> | null;
  durationMs: number;
}

/**
 * Keeps the fault in place for its time, beside the system's own exercise, watching: the wish to stop, the stop
 * conditions, and whether the fault is still what was injected. A run without faults is over when its exercise is.
 * Returns why it ended early, or null. Rejects with what went wrong in the exercise.
 */
export async function keepFault(input: ActivePhase): Promise<string | null> {
  const { ownership, experiment, exercise } = input;
  const over = new AbortController();
  const worked = new AbortController();
  let problem: { error: unknown } | null = null;
  void exercise
    .during(joinSignals(ownership.lost, ownership.stop, over.signal))
    .catch((error: unknown) => (problem = { error }))
    .finally(() => worked.abort());
  const exerciseIsAll =
    exercise.exists && experiment.faults.every(({ kind }) => faultKindOf(kind).servesExercise === true);
  try {
    const ended = await watch(input, over.signal, () => {
      if (problem !== null) throw problem.error;
      return exerciseIsAll ? worked.signal : null;
    });
    if (ended === null && exerciseIsAll && !worked.signal.aborted && !ownership.stop.aborted) {
      return "its work was not done when the duration was over";
    }
    return ended;
  } finally {
    over.abort();
  }
}

/** `work` is asked at every look: it throws what went wrong, and names the signal whose abort ends the phase. */
async function watch(input: ActivePhase, over: AbortSignal, work: () => AbortSignal | null): Promise<string | null> {
  const { ownership, journal, recorder } = input;
  const startedMs = recorder.now();
  const end = startedMs + input.durationMs;
  let watched = input.intents;
  const sight = watchSight(journal, recorder);
  const daemons = watchDaemons(input);
  while (recorder.now() < end) {
    const done = work();
    if (done?.aborted === true) return null;
    const signals = [ownership.stop, ownership.lost, ...(done === null ? [] : [done])];
    await pause(Math.min(lookEveryMs, end - recorder.now()), ...signals);
    ownership.lost.throwIfAborted();
    if (ownership.stop.aborted) return null;
    const fired = firedStopCondition(judgeable(input), input.probes.status());
    if (fired !== null) {
      ownership.requestStop({ kind: "stop-condition", by: fired.id, reason: `${fired.measured} (${fired.bound})` });
      say(journal, { type: "stop-condition", ...fired });
      return null;
    }
    // Beside the look at the fault: a cluster that hangs must not keep that waiting.
    void daemons.look(joinSignals(over, ownership.lost, ownership.stop, timeLeft(end - recorder.now())));
    for (const intent of watched) {
      const change = await look(input, intent, sight, end - recorder.now());
      if (change === null) continue;
      const afterMs = Math.round(recorder.now() - startedMs);
      const after = `${(afterMs / 1000).toFixed(1)} s`;
      if (change.run === "fails") return `${intent.name} ended before its time, after ${after}: ${change.what}`;
      watched = watched.filter((other) => other !== intent);
      const detail = { fault: intent.faultId, name: intent.name, what: change.what, afterMs };
      const event = { atMs: recorder.now(), source: "cluster", event: "fault-ended", detail };
      recorder.event(event);
      say(journal, { type: "system", ...event });
    }
  }
  work();
  return null;
}

/** Those whose window the probes have seen: what misses while the way to the pods is down says nothing of the system. */
function judgeable({ experiment, way }: ActivePhase): Experiment["stopConditions"] {
  return experiment.stopConditions.filter(
    (condition) => !("client" in condition) || way?.brokeWithin(condition.forMs + reconnectWithinMs) !== true,
  );
}

/** Said in its turn: the fault's time is not kept by a database that is away. The owner notices a lost lease by itself. */
function say(journal: Journal, event: RunEventBody): void {
  journal.say(event).catch(() => undefined);
}

function timeLeft(leftMs: number): AbortSignal {
  return AbortSignal.timeout(Math.max(1, Math.round(Math.min(lookWithinMs, leftMs))));
}

async function look({ cluster, ownership }: ActivePhase, intent: Intent, sight: Sight, leftMs: number) {
  // It ends with the phase: a cluster that does not answer must not keep the fault in place, nor a wish to stop waiting.
  const signal = joinSignals(ownership.lost, ownership.stop, timeLeft(leftMs));
  try {
    const change = await faultKindOf(intent.kind).look(intent, { cluster, signal });
    sight.seen();
    return change;
  } catch (error) {
    // Not being able to look is not the same as the fault having ended.
    if (!ownership.stop.aborted && !ownership.lost.aborted && leftMs > lookWithinMs) sight.lost(messageOf(error));
    return null;
  }
}
