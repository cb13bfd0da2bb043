import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buttonsOf, cardOf } from "../../src/embedded/run-drive.ts";
import type { Child } from "../../src/embedded/child.ts";
import { alice, bob } from "../support/stack.ts";
import { etcdPath, redisPath } from "./data-path.ts";
import { quickRun, startRig, type Rig } from "./rig.ts";
import type { Scene } from "./scene.ts";

const carol = "U0CAROL";
/** etcd in the lab, beside Redis, so that two runs can be under way at once. */
const otherRun = "etcd-quorum-loss duration=5s baseline=3s recovery=30s rate=10";

/** Two bots and three workers at once: nothing twice, and nothing that nobody does. */
describe.skipIf(process.getuid?.() !== 0)("two bots and three workers", () => {
  let rig: Rig;
  const more: { bots: Child[]; workers: Child[] } = { bots: [], workers: [] };
  beforeAll(async () => {
    rig = await startRig();
    const { stack } = rig;
    const [bot, ...workers] = await Promise.all([stack.startBot(), stack.startWorker(), stack.startWorker()]);
    more.bots = [bot];
    more.workers = workers;
    // etcd starts when it is first asked for; a leader that it changes while it starts would void the approval.
    const end = performance.now() + 60_000;
    for (let whole = 0; whole < 5 && performance.now() < end;) {
      whole = (await etcdPath(rig.cluster)).length === 0 ? whole + 1 : 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
  afterAll(() => rig?.close());

  const fault = "two bots and three workers";
  /** The card's approve button as one click, which can be delivered more often than once. */
  const approveClick = async ({ stack }: Scene, runId: string) => {
    const end = performance.now() + 20_000;
    for (;;) {
      const card = cardOf(await stack.slack.messages(), runId);
      const button = card === undefined ? undefined : buttonsOf(card)[0];
      if (card !== undefined && button !== undefined) {
        const action = { ...button, action_ts: String(Date.now() / 1000) };
        return (user: string) => stack.slack.click(user, card.ts, action);
      }
      if (performance.now() > end) throw new Error(`${runId} has no card with buttons`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  it("one click that is delivered four times approves once", () =>
    rig.play(
      { group: "crowd", name: `${fault}: one click delivered four times`, fault, mayEnd: ["completed"] },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        scene.hurt("requested", "approved");
        const click = await approveClick(scene, runId);
        await Promise.all([click(bob), click(bob), click(bob), click(bob)]);
        await scene.until(runId, ["completed"]);
        scene.mended();
      },
    ));

  it("two people who click at once, and double-click, approve once", () =>
    rig.play(
      { group: "crowd", name: `${fault}: two people double-click at once`, fault, mayEnd: ["completed"] },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        scene.hurt("requested", "approved");
        const [one, two] = [await approveClick(scene, runId), await approveClick(scene, runId)];
        await Promise.all([one(bob), one(carol), two(bob), two(carol)]);
        await scene.until(runId, ["completed"]);
        scene.mended();
      },
    ));

  it("the requester's own clicks never count", () =>
    rig.play({ group: "crowd", name: `${fault}: the requester clicks`, fault, mayEnd: ["denied"] }, async (scene) => {
      const runId = await scene.ask(quickRun);
      scene.hurt("requested");
      const click = await approveClick(scene, runId);
      await Promise.all([click(alice), click(alice)]);
      await scene.type(`approve ${runId}`, async () => {
        const said = await scene.stack.slack.messages();
        return said.some((m) => m.ephemeral_to === alice && m.text?.includes("somebody else must approve") === true);
      });
      expect(await scene.state(runId)).toBe("requested");
      await scene.type(`deny ${runId}`, async () => (await scene.state(runId)) === "denied");
      scene.mended();
    }));

  it("of four requests for one target, approved at once, one runs", () =>
    rig.play(
      { group: "crowd", name: `${fault}: four requests for one target`, fault, mayEnd: ["completed", "denied"] },
      async (scene) => {
        const runs: string[] = [];
        for (let count = 0; count < 4; count += 1) runs.push(await scene.ask(quickRun));
        scene.hurt("requested", "approved", "preflight");
        const clicks = await Promise.all(runs.map((runId) => approveClick(scene, runId)));
        await Promise.all(clicks.map((click) => click(bob)));
        const started = async (): Promise<string[]> => {
          const { rows } = await scene.database.query<{ id: string }>(
            "select id from runs where id = any($1) and state <> 'requested'",
            [runs],
          );
          return rows.map(({ id }) => id);
        };
        while ((await started()).length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
        const [first = ""] = await started();
        await scene.until(first, ["completed"]);
        expect(await started()).toEqual([first]);
        for (const runId of runs.filter((id) => id !== first)) {
          await scene.type(`deny ${runId}`, async () => (await scene.state(runId)) === "denied");
        }
        scene.mended();
      },
    ));

  it("runs on two targets at once, with a bot and a worker that owns none killed", () =>
    rig.play(
      {
        group: "crowd",
        name: `${fault}: a bot and idle workers killed during two runs`,
        fault,
        mayEnd: ["completed", "interrupted"],
        path: async (cluster) => [...(await redisPath(cluster)), ...(await etcdPath(cluster))],
      },
      async (scene) => {
        const runs = [await scene.ask(quickRun), await scene.ask(otherRun)];
        for (const runId of runs) await scene.approve(runId);
        for (const runId of runs) await scene.until(runId, ["baseline", "injecting", "active", "healing", "verifying"]);
        scene.hurt("baseline", "active");
        more.bots[0]?.kill("SIGKILL");
        for (const worker of more.workers) worker.kill("SIGKILL");
        const [bot, ...workers] = await Promise.all([
          scene.stack.startBot(),
          scene.stack.startWorker(),
          scene.stack.startWorker(),
        ]);
        more.bots = [bot];
        more.workers = workers;
        scene.mended();
      },
    ));

  it("every worker killed during two runs, and only one comes back", () =>
    rig.play(
      {
        group: "crowd",
        name: `${fault}: every worker killed during two runs`,
        fault,
        mayEnd: ["interrupted"],
        path: async (cluster) => [...(await redisPath(cluster)), ...(await etcdPath(cluster))],
      },
      async (scene) => {
        const runs = [await scene.ask(`${quickRun} duration=60s`), await scene.ask(otherRun.replace("5s", "60s"))];
        await Promise.all(runs.map((runId) => scene.approve(runId)));
        for (const runId of runs) await scene.until(runId, ["active"]);
        scene.hurt("active");
        for (const worker of more.workers) worker.kill("SIGKILL");
        await scene.roles.kill("worker");
        await scene.roles.restart("worker");
        scene.mended();
      },
    ));
});
