import type { Cluster } from "../cluster/port.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Recorder } from "../probes/recorder.ts";
import type { RunningProbes } from "../probes/system.ts";
import { messageOf } from "../errors.ts";
import { lookAtFault, type Intent } from "./inject.ts";
import type { Journal } from "./journal.ts";
import type { Ownership } from "./ownership.ts";
import { firedStopCondition } from "./stop-conditions.ts";
import { pause } from "./wait.ts";

const lookEveryMs = 500;

/**
 * Keeps the fault in place for its time, watching: the wish to stop, the stop conditions, and whether the fault is
 * still what was injected. Returns why it ended early, or null when the whole time has passed.
 */
export async function keepFault(input: {
  ownership: Ownership;
  journal: Journal;
  cluster: Cluster;
  experiment: Experiment;
  intents: readonly Intent[];
  probes: RunningProbes;
  recorder: Recorder;
  durationMs: number;
}): Promise<string | null> {
  const { ownership, journal, recorder } = input;
  const end = recorder.now() + input.durationMs;
  while (recorder.now() < end) {
    await pause(Math.min(lookEveryMs, end - recorder.now()), ownership.stop, ownership.lost);
    ownership.lost.throwIfAborted();
    if (ownership.stop.aborted) return null;
    const fired = firedStopCondition(input.experiment.stopConditions, input.probes.status());
    if (fired !== null) {
      await journal.say({ type: "stop-condition", ...fired });
      ownership.requestStop({ kind: "stop-condition", by: fired.id, reason: `${fired.measured} (${fired.bound})` });
      return null;
    }
    for (const intent of input.intents) {
      const changed = await lookAtFault(input.cluster, intent, ownership.lost).catch(
        // Not being able to look is not the same as the fault having ended.
        (error: unknown) => {
          recorder.event(cannotLook(recorder.now(), messageOf(error)));
          return null;
        },
      );
      if (changed !== null) return `${intent.name} ended before its time: ${changed}`;
    }
  }
  return null;
}

function cannotLook(atMs: number, problem: string): Parameters<Recorder["event"]>[0] {
  return { atMs, source: "cluster", event: "unreadable", detail: { problem } };
}
