import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { isTerminal, runStates } from "../../src/run/lifecycle.ts";
import { inPhase } from "./phases.ts";
import { quickRun, startRig, type Rig } from "./rig.ts";
import type { Scene } from "./scene.ts";

const phases = runStates.filter((state) => !isTerminal(state));

/** PostgreSQL decides, Redis only wakes: whatever becomes of it, every run goes its way. */
describe.skipIf(process.getuid?.() !== 0)("Redis", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.close());

  const loseEverything = async ({ stack }: Scene): Promise<void> => {
    await withRedis(stack.redis.url, (redis) => redis.flushall());
    await stack.redis.crash();
    await stack.redis.again("lost");
  };
  const restart = async ({ stack }: Scene): Promise<void> => {
    await withRedis(stack.redis.url, (redis) => redis.save());
    await stack.redis.crash();
    await stack.redis.again("kept");
  };

  it.each(phases)("loses all its data in %s", (phase) =>
    rig.play(
      {
        group: "outage",
        name: `Redis loses all its data in ${phase}`,
        fault: "Redis lost its data",
        mayEnd: ["completed"],
      },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        await inPhase(scene, runId, phase, () => loseEverything(scene));
        if (phase === "requested") await scene.approve(runId);
      },
    ),
  );

  it.each(phases)("is restarted in %s", (phase) =>
    rig.play(
      { group: "outage", name: `Redis is restarted in ${phase}`, fault: "Redis restarted", mayEnd: ["completed"] },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        await inPhase(scene, runId, phase, () => restart(scene));
        if (phase === "requested") await scene.approve(runId);
      },
    ),
  );

  it("is away while a run is approved, and again while it is stopped", () =>
    rig.play(
      {
        group: "outage",
        name: "Redis is away while a run is approved and stopped",
        fault: "Redis away",
        mayEnd: ["aborted"],
      },
      async (scene) => {
        const { stack } = scene;
        const runId = await scene.ask(`${quickRun} duration=60s`);
        scene.hurt("requested", "approved");
        await stack.redis.crash();
        await scene.approve(runId);
        await stack.redis.again("lost");
        scene.mended();
        await scene.until(runId, ["active"]);
        scene.hurt("active", "healing", "verifying");
        await stack.redis.crash();
        await scene.type(`abort ${runId}`, async () => (await scene.state(runId)) !== "active");
        await scene.until(runId, ["aborted"]);
        await stack.redis.again("lost");
        scene.mended();
      },
    ));
});

async function withRedis(url: string, work: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on("error", () => undefined);
  try {
    await work(redis);
  } finally {
    redis.disconnect();
  }
}
