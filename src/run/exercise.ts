import type { Recorder } from "../probes/recorder.ts";
import type { SystemSession } from "../probes/system.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import type { Journal } from "./journal.ts";
import { orAborted } from "./wait.ts";

/** The session's own exercise, with what its steps record also told in the thread. Without one every step is over at once. */
export interface RunExercise {
  exists: boolean;
  /** Ends with its work, or when the signal aborts. Rejects with what went wrong in the work. */
  before(signal: AbortSignal): Promise<void>;
  during(signal: AbortSignal): Promise<void>;
  after(signal: AbortSignal): Promise<HealingProof[]>;
}

export function exerciseOf(session: SystemSession, recorder: Recorder, journal: Journal): RunExercise {
  const { exercise } = session;
  const telling: Recorder = {
    ...recorder,
    event: (event) => {
      recorder.event(event);
      // A journal that can no longer be written belongs to another worker; the owner notices by itself.
      journal.say({ type: "system", ...event, detail: { ...event.detail } }).catch(() => undefined);
    },
  };
  const step = async (name: "before" | "during", signal: AbortSignal): Promise<void> => {
    const work = exercise?.[name]?.({ recorder: telling, signal });
    if (work !== undefined) await orAborted(work, signal);
  };
  return {
    exists: exercise !== undefined,
    before: (signal) => step("before", signal),
    during: (signal) => step("during", signal),
    after: async (signal) =>
      ((await exercise?.after?.({ recorder: telling, signal })) ?? []).map((proof) => ({
        type: "healing-proof",
        ...proof,
      })),
  };
}
