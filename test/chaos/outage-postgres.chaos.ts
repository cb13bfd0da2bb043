import { afterAll, beforeAll, describe, it } from "vitest";
import { isOwned, isTerminal, runStates, type RunState } from "../../src/run/lifecycle.ts";
import { inPhase } from "./phases.ts";
import { quickRun, startRig, type Rig } from "./rig.ts";

const outageMs = 60_000;
const phases = runStates.filter((state) => !isTerminal(state));

/** Without PostgreSQL nobody owns anything: the worker stops by its own clock, and whoever finds the run heals it. */
describe.skipIf(process.getuid?.() !== 0)("PostgreSQL", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.close());

  // A restart breaks every connection and every open transaction. A write of the run's owner that it meets fails the run;
  // it heals then, or loses its lease and is healed. A run that nobody owns yet goes its way.
  const mayEnd = (phase: RunState): RunState[] =>
    isOwned(phase) ? ["completed", "failed", "interrupted"] : ["completed"];

  it.each(phases)("is restarted in %s", (phase) =>
    rig.play(
      {
        group: "outage",
        name: `PostgreSQL is restarted in ${phase}`,
        fault: "PostgreSQL restarted",
        mayEnd: mayEnd(phase),
      },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        await inPhase(scene, runId, phase, async () => {
          await scene.stack.postgres.crash();
          await scene.stack.postgres.again();
        });
        if (phase === "requested") await scene.approve(runId);
      },
    ),
  );

  it.each(["baseline", "active", "healing"] as const)("is away for a minute in %s", (phase) =>
    rig.play(
      {
        group: "outage",
        name: `PostgreSQL is away for a minute in ${phase}`,
        fault: "PostgreSQL away for 60 s",
        mayEnd: ["interrupted"],
      },
      async (scene) => {
        // Longer than the outage, so that it is not the fault's own end that heals. To be healing, it must end.
        const text = phase === "healing" ? "duration=1s" : phase === "active" ? "duration=4m" : "baseline=4m";
        const runId = await scene.ask(`${quickRun} ${text}`);
        await inPhase(scene, runId, phase, async () => {
          await scene.stack.postgres.crash();
          await new Promise((resolve) => setTimeout(resolve, outageMs));
          await scene.stack.postgres.again();
        });
      },
    ),
  );
});
