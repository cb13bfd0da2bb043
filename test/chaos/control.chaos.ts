import { afterAll, beforeAll, describe, it } from "vitest";
import { quickRun, startRig, type Rig } from "./rig.ts";

/**
 * The suite without any trouble: what it demands of every case holds for a run that nothing is done to. It is also the
 * example of a case: a script of people and trouble; the rig judges what is left of it.
 */
describe.skipIf(process.getuid?.() !== 0)("nothing done", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.close());

  it("a run to its end", () =>
    rig.play(
      { group: "control", name: "nothing done: a run to its end", fault: "nothing", mayEnd: ["completed"] },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        await scene.approve(runId);
        await scene.until(runId, ["completed"]);
      },
    ));
});
