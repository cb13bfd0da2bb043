import type { Recorder } from "../probes/recorder.ts";
import type { Intent, LiveTools } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";

/**
 * Whether each fault did what it is there for: a pair that a partition cuts must not answer, a killed pod must be gone
 * or another, a pod that is held down must not be ready. A fault that the cluster only says is there would let the
 * hypothesis hold for nothing, so the judge is told: `fault-effective` or `fault-without-effect`, with the reason.
 */
export async function lookForEffect(
  look: LiveTools & { intents: readonly Intent[]; recorder: Recorder },
): Promise<void> {
  for (const intent of look.intents) {
    const found = await faultKindOf(intent.kind).effect(intent, look);
    // What was seen after the fault's time says nothing of the fault.
    if (look.signal.aborted) return;
    if (found === null) continue;
    look.recorder.event({
      atMs: look.recorder.now(),
      source: "run",
      event: found.effective ? "fault-effective" : "fault-without-effect",
      detail: { fault: intent.faultId, ...found.detail },
    });
  }
}
