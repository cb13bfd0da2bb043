import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunState } from "../../src/run/lifecycle.ts";
import { leaseMs } from "./bound.ts";
import { redisPath } from "./data-path.ts";
import { inPhase } from "./phases.ts";
import { quickRun, startRig, type Rig } from "./rig.ts";

const afterLeaseMs = leaseMs + 1500;

describe.skipIf(process.getuid?.() !== 0)("the worker's lease and the dead man", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.close());

  it.each(["baseline", "injecting", "active", "healing", "verifying", "judging"] as const)(
    "a worker that is stopped for longer than its lease in %s touches nothing when it goes on",
    (phase) =>
      rig.play(
        {
          group: "outage",
          name: `worker stopped for longer than its lease in ${phase}`,
          fault: "worker stopped, then going on",
          mayEnd: [endOf(phase)],
        },
        async (scene) => {
          const late = phase === "healing" || phase === "verifying" || phase === "judging";
          const runId = await scene.ask(`${quickRun} duration=${late ? "1s" : "60s"}`);
          const sleeper = scene.roles.worker();
          await inPhase(scene, runId, phase, async () => {
            sleeper.kill("SIGSTOP");
            await scene.roles.restart("worker");
          });
          await scene.until(runId, [endOf(phase)]);
          await new Promise((resolve) => setTimeout(resolve, afterLeaseMs));
          const count = async (): Promise<number> =>
            (await scene.database.query("select 1 from run_events where run_id = $1", [runId])).rows.length;
          const before = await count();
          sleeper.kill("SIGCONT");
          // Long enough for every timer of its own, and for a fault that it might still inject.
          await new Promise((resolve) => setTimeout(resolve, 2500));
          expect(await count()).toBe(before);
          sleeper.kill("SIGKILL");
        },
      ),
  );

  it("bot and worker are gone for longer than the fault's duration: the cluster ends it", () =>
    rig.play(
      {
        group: "outage",
        name: "bot and worker gone for longer than the fault",
        fault: "bot and worker gone",
        mayEnd: ["interrupted"],
      },
      async (scene) => {
        const runId = await scene.ask(`${quickRun} duration=2s`);
        await scene.approve(runId);
        await scene.until(runId, ["active"]);
        scene.hurt("active");
        await scene.roles.kill("both");
        expect(await redisPath(scene.cluster)).not.toEqual([]);
        await untilWholeByItself(scene.cluster);
        await scene.roles.restart("both");
        scene.mended();
      },
    ));

  it("bot, worker, Redis and PostgreSQL are all gone: the cluster ends the fault", () =>
    rig.play(
      {
        group: "outage",
        name: "bot, worker, Redis and PostgreSQL all gone",
        fault: "all of ours gone",
        mayEnd: ["interrupted"],
      },
      async (scene) => {
        const { stack } = scene;
        const runId = await scene.ask(`${quickRun} duration=2s`);
        await scene.approve(runId);
        await scene.until(runId, ["active"]);
        scene.hurt("active");
        await scene.roles.kill("both");
        await Promise.all([stack.redis.crash(), stack.postgres.crash()]);
        expect(await redisPath(scene.cluster)).not.toEqual([]);
        await untilWholeByItself(scene.cluster);
        await Promise.all([stack.redis.again("lost"), stack.postgres.again()]);
        await scene.roles.restart("both");
        scene.mended();
      },
    ));
});

/** Held at the end of judging, the report is stored, and the next worker ends the run by it. */
function endOf(phase: RunState): RunState {
  return phase === "judging" ? "completed" : "interrupted";
}

/** The run's 2 s and the dead man's margin, and as much again for a slow machine. */
async function untilWholeByItself(cluster: Rig["cluster"]): Promise<void> {
  const end = performance.now() + 25_000;
  while ((await redisPath(cluster)).length > 0) {
    if (performance.now() > end) throw new Error("the fault did not end by its own duration");
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
