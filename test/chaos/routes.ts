import { isOwned, isTerminal, runStates } from "../../src/run/lifecycle.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { losesItsWorker, stateAt, type KillCase, type RouteName } from "./matrix.ts";
import { quickRun } from "./rig.ts";
import type { Scene } from "./scene.ts";

/** What Alice types. A run that is to lose its worker has a fault that would last: healing is then nobody else's work. */
export function requestOf({ route, victim, moment }: KillCase): string {
  const lasting = "duration=60s";
  switch (route) {
    case "to its end": {
      const state = stateAt(moment);
      const early = state === "none" || runStates.indexOf(state) <= runStates.indexOf("active");
      const endsByItself = moment.when === "before the commit" && moment.from === "active";
      return `${quickRun} ${losesItsWorker(victim, moment) && early && !endsByItself ? lasting : "duration=2s"}`;
    }
    case "a guard fails":
      return "chaos-guard-fails";
    case "stopped in baseline":
      return `${quickRun} baseline=60s`;
    default:
      return `${quickRun} ${lasting}`;
  }
}

/** Plays what people do, and the trouble that comes before the case's own. The kill goes on beside it. */
export const play: Readonly<Record<RouteName, (scene: Scene, runId: string) => Promise<void>>> = {
  "to its end": (scene, runId) => scene.approve(runId),
  denied: (scene, runId) => scene.type(`deny ${runId}`, async () => (await scene.state(runId)) !== "requested"),
  expired: async ({ database }, runId) => {
    await database.query("update runs set expires_at = clock_timestamp() where id = $1", [runId]);
  },
  "stopped as a request": (scene, runId) => stop(scene, runId),
  "stopped before its worker came": async (scene, runId) => {
    scene.roles.worker().kill("SIGSTOP");
    try {
      await scene.approve(runId);
      await stop(scene, runId);
    } finally {
      // To whoever is the worker by now.
      scene.roles.worker().kill("SIGCONT");
    }
  },
  "stopped in preflight": async (scene, runId) => {
    // A member that does not answer keeps the guards waiting, so that there is a preflight to stop.
    const [replica] = await replicas(scene);
    await scene.cluster.exec({ namespace: "cache", pod: replica ?? "" }, [
      "redis-cli",
      "CLIENT",
      "PAUSE",
      "3000",
      "ALL",
    ]);
    await scene.approve(runId);
    await scene.commits.entered(runId, "preflight", 30_000);
    await stop(scene, runId);
  },
  "a guard fails": (scene, runId) => scene.approve(runId),
  "its worker lost in preflight": (scene, runId) => loseWorkerIn(scene, runId, "preflight"),
  "stopped in baseline": async (scene, runId) => {
    await scene.approve(runId);
    await scene.commits.entered(runId, "baseline", 30_000);
    await stop(scene, runId);
  },
  "its worker lost while injecting": (scene, runId) => loseWorkerIn(scene, runId, "injecting"),
  "stopped while active": async (scene, runId) => {
    await scene.approve(runId);
    await scene.commits.entered(runId, "active", 30_000);
    await stop(scene, runId);
  },
  "its fault deleted by somebody": async (scene, runId) => {
    await scene.approve(runId);
    await scene.commits.entered(runId, "active", 30_000);
    await kubectlOk(scene.stack.lab.kubeconfigPath, ["delete", "networkchaos", `${runId}-cut`, "-n", "cache"]);
  },
  "its worker lost while active": (scene, runId) => loseWorkerIn(scene, runId, "active"),
};

async function stop(scene: Scene, runId: string): Promise<void> {
  await scene.type(`abort ${runId}`, async () => {
    const { rows } = await scene.database.query<{ by: string | null }>(
      "select abort_requested_by as by from runs where id = $1",
      [runId],
    );
    return rows[0]?.by != null || isTerminal(await scene.state(runId));
  });
}

/** The first worker dies in a phase, at its last moment; its successor is up when this resolves. */
async function loseWorkerIn(scene: Scene, runId: string, state: "preflight" | "injecting" | "active"): Promise<void> {
  if (!isOwned(state)) throw new Error(`nobody owns a run in ${state}`);
  const gate = state === "active" ? null : await scene.gates.close(runId, state);
  await scene.approve(runId);
  await scene.commits.entered(runId, state, 30_000);
  await gate?.reached(30_000);
  scene.hurt(state);
  await scene.roles.kill("worker");
  await gate?.open();
  await scene.roles.restart("worker");
  scene.mended();
}

async function replicas({ cluster }: Scene): Promise<string[]> {
  const pods = await cluster.pods("cache", AbortSignal.timeout(5000), "app=redis,role=replica");
  return pods.map(({ name }) => name);
}
