import type { RunState } from "../../src/run/lifecycle.ts";
import type { Scene } from "./scene.ts";

/**
 * Holds a run in a phase while something is done: whoever makes the next step waits at the gate. The trouble is marked as begun before `act`, and as over when it resolves.
 */
export async function inPhase(scene: Scene, runId: string, state: RunState, act: () => Promise<void>): Promise<void> {
  const gate = await scene.gates.close(runId, state);
  try {
    const approving = state === "requested" ? Promise.resolve() : scene.approve(runId);
    await scene.commits.entered(runId, state, 60_000);
    if (!longPhases.includes(state)) await gate.reached(60_000);
    scene.hurt(state);
    await act();
    scene.mended();
    await gate.open();
    await approving;
  } finally {
    await gate.open();
  }
}

/** Phases with time enough to act in; the others are over at once, and are held at their end. */
const longPhases: readonly RunState[] = ["requested", "baseline", "active", "verifying"];
