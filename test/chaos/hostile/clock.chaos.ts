import { afterAll, beforeAll, describe, it } from "vitest";
import { eventsAfter } from "../../../src/store/events.ts";
import { quickRun, startRig, type Rig } from "../rig.ts";
import type { Scene } from "../scene.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";

const ofTheirs = "the wall clock of bot and worker jumps by an hour";
const ofPostgres = "PostgreSQL's clock jumps by an hour";

describe.skipIf(process.getuid?.() !== 0 || fakeClock("/tmp") === null)("clocks that jump", () => {
  let rig: Rig;
  let clock: FakeClock;
  beforeAll(async () => {
    rig = await startRig();
    const made = fakeClock(rig.stack.directory);
    if (made === null) throw new Error("libfaketime is gone");
    clock = made;
    const { roles } = rig.scene;
    await roles.kill("both");
    await clock.wear(() => roles.restart("both"));
  });
  afterAll(() => rig?.close());

  for (const by of ["+1h", "-1h"] as const) {
    it(`bot and worker ${by}`, () =>
      rig.play(
        {
          group: "hostile",
          name: `clock: bot and worker ${by} before the approval, and back while the fault is active`,
          fault: ofTheirs,
          mayEnd: ["completed"],
        },
        async (scene) => {
          try {
            const runId = await scene.ask(`${quickRun} duration=4s`);
            scene.hurt("requested", "approved", "preflight", "baseline");
            clock.offset(by);
            await pauseMs(1500);
            await scene.approve(runId);
            await scene.until(runId, ["active"]);
            scene.hurt("active");
            clock.offset("+0");
            scene.mended();
            await scene.until(runId, ["completed"]);
            await requireSoundTimes(scene, runId);
          } finally {
            clock.offset("+0");
          }
        },
      ));
  }

  it("bot and worker +1h while the fault is active", () =>
    rig.play(
      {
        group: "hostile",
        name: "clock: bot and worker +1h while the fault is active, until the end",
        fault: ofTheirs,
        mayEnd: ["completed"],
      },
      async (scene) => {
        try {
          const runId = await scene.ask(quickRun);
          await scene.approve(runId);
          await scene.until(runId, ["active"]);
          scene.hurt("active", "healing", "verifying", "judging");
          clock.offset("+1h");
          await scene.until(runId, ["completed"]);
          await requireSoundTimes(scene, runId);
        } finally {
          clock.offset("+0");
        }
        scene.mended();
      },
    ));

  it("a request whose time is over, with bot and worker an hour behind", () =>
    rig.play(
      {
        group: "hostile",
        name: "clock: a request expires by PostgreSQL's clock with bot and worker an hour behind",
        fault: ofTheirs,
        mayEnd: ["expired"],
      },
      async (scene) => {
        try {
          const runId = await scene.ask(quickRun);
          scene.hurt("requested");
          clock.offset("-1h");
          await scene.database.query("update runs set expires_at = clock_timestamp() where id = $1", [runId]);
          await scene.until(runId, ["expired"], 15_000);
        } finally {
          clock.offset("+0");
        }
        scene.mended();
      },
    ));
});

describe.skipIf(process.getuid?.() !== 0 || fakeClock("/tmp") === null)("PostgreSQL's clock jumps", () => {
  let rig: Rig;
  let clock: FakeClock;
  beforeAll(async () => {
    rig = await startRig();
    const made = fakeClock(rig.stack.directory);
    if (made === null) throw new Error("libfaketime is gone");
    clock = made;
    const { postgres } = rig.stack;
    const { roles } = rig.scene;
    await roles.kill("both");
    await postgres.crash();
    await clock.wear(() => postgres.again());
    await roles.restart("both");
  });
  afterAll(async () => {
    clock?.offset("+0");
    await rig?.close();
  });

  it("forward", () =>
    rig.play(
      {
        group: "hostile",
        name: "clock: PostgreSQL +1h while the fault is active",
        fault: ofPostgres,
        // The lease is over by the clock that counts: whoever is first takes the run, and heals it.
        mayEnd: ["completed", "interrupted"],
      },
      async (scene) => {
        const runId = await scene.ask(`${quickRun} duration=6s`);
        await scene.approve(runId);
        await scene.until(runId, ["active"]);
        scene.hurt("active");
        clock.offset("+1h");
        scene.mended();
        await scene.until(runId, ["completed", "interrupted"]);
      },
    ));

  it("back", () =>
    rig.play(
      {
        group: "hostile",
        name: "clock: PostgreSQL back by an hour while the fault is active",
        fault: ofPostgres,
        mayEnd: ["completed", "interrupted"],
      },
      async (scene) => {
        const runId = await scene.ask(`${quickRun} duration=6s`);
        await scene.approve(runId);
        await scene.until(runId, ["active"]);
        scene.hurt("active");
        clock.offset("+0");
        scene.mended();
        await scene.until(runId, ["completed", "interrupted"]);
      },
    ));

  it("back, and the worker dies in that moment", () =>
    rig.play(
      {
        group: "hostile",
        name: "clock: PostgreSQL back by an hour, and the worker killed in that moment",
        fault: ofPostgres,
        mayEnd: ["interrupted"],
      },
      async (scene) => {
        clock.offset("+1h");
        const runId = await scene.ask(`${quickRun} duration=60s`);
        await scene.approve(runId);
        await scene.until(runId, ["active"]);
        scene.hurt("active");
        await scene.roles.kill("worker");
        clock.offset("+0");
        await scene.roles.restart("worker");
        scene.mended();
        await scene.until(runId, ["interrupted"]);
      },
    ));
});

const pauseMs = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

/** No time in what was found is off by the jump: a run of seconds took seconds, by every clock that the report quotes. */
async function requireSoundTimes({ database }: Scene, runId: string): Promise<void> {
  const judged = (await eventsAfter(database, runId, 0)).findLast((event) => event.type === "judged");
  if (judged?.type !== "judged") throw new Error(`${runId} was not judged`);
  const { run } = judged.report;
  const tookMs = Date.parse(run.endedAt) - Date.parse(run.startedAt);
  if (!(tookMs > 0 && tookMs < 5 * 60_000)) throw new Error(`the report says it took ${tookMs / 1000} s`);
  for (const { atMs } of judged.report.timeline ?? []) {
    if (!(Math.abs(atMs) < 5 * 60_000)) throw new Error(`the report has a moment at ${atMs / 1000} s`);
  }
}
