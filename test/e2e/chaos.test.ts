import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { playKill } from "../chaos/kill.ts";
import { killCases } from "../chaos/matrix.ts";
import { inPhase } from "../chaos/phases.ts";
import { quickRun, startRig, type Rig } from "../chaos/rig.ts";

/** A few telling cases of the long suite (`npm run test:chaos`), with the same harness and the same demands. */
describe.skipIf(process.getuid?.() !== 0)("the bot itself put through chaos", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.close());

  it.each([
    "bot killed before the commit of requested → approved",
    "worker killed before the commit of injecting → active",
    "bot and worker killed in the middle of active",
  ])("%s", async (name) => {
    const one = [...killCases("bot"), ...killCases("worker"), ...killCases("both")].find((each) => each.name === name);
    expect(one).toBeDefined();
    if (one === undefined) return;
    const spec = { group: "kill", name, fault: one.victim, mayEnd: one.mayEnd };
    await rig.play(spec, (scene) => playKill(scene, one));
  });

  it("Redis loses all its data while a run waits for its worker", async () => {
    const spec = { group: "outage", name: "Redis", fault: "Redis lost its data", mayEnd: ["completed"] as const };
    await rig.play(spec, async (scene) => {
      const runId = await scene.ask(quickRun);
      await inPhase(scene, runId, "approved", async () => {
        await scene.stack.redis.crash();
        await scene.stack.redis.again("lost");
      });
    });
  });
});
