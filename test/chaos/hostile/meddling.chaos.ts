import { afterAll, beforeAll, describe, it } from "vitest";
import { eventsAfter } from "../../../src/store/events.ts";
import { kubectlOk } from "../../support/kubectl.ts";
import { quickRun, startRig, type Rig } from "../rig.ts";
import type { Scene } from "../scene.ts";

const fault = "somebody else deletes, pauses or replaces the fault or its target";

interface Meddling {
  name: string;
  /** What kubectl is told, with the object's name in it. */
  does: (object: string, kube: (...args: string[]) => Promise<string>) => Promise<unknown>;
  /** What the run's reason must say. */
  says: RegExp;
}

const cases: readonly Meddling[] = [
  {
    name: "meddling: somebody deletes the object",
    does: (object, kube) => kube("delete", "networkchaos", object, "-n", "cache"),
    says: /somebody (deleted|is deleting) the object/,
  },
  {
    name: "meddling: somebody pauses the object",
    does: (object, kube) =>
      kube("annotate", "networkchaos", object, "-n", "cache", "experiment.chaos-mesh.org/pause=true"),
    says: /somebody paused it/,
  },
  {
    name: "meddling: a target's pod is deleted by force",
    does: (_object, kube) => kube("delete", "pod", "redis-2", "-n", "cache", "--force", "--grace-period=0"),
    says: /pod redis-2 was replaced/,
  },
];

describe.skipIf(process.getuid?.() !== 0)("somebody else at the same cluster", () => {
  let rig: Rig;
  const kube = (...args: string[]): Promise<string> => {
    const input = args.includes("apply") ? args.pop() : undefined;
    return kubectlOk(rig.stack.lab.kubeconfigPath, args, input);
  };
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.close());

  it.each(cases.map((one) => [one.name, one] as const))("%s", (name, { does, says }) =>
    rig.play({ group: "hostile", name, fault, mayEnd: ["failed"] }, async (scene) => {
      const runId = await scene.ask(`${quickRun} duration=30s`);
      await scene.approve(runId);
      await scene.until(runId, ["active"]);
      scene.hurt("active");
      await does(`${runId}-cut`, kube);
      scene.mended();
      await scene.until(runId, ["failed"]);
      await requireReason(scene, runId, says);
    }),
  );

  it("somebody's finalizer on the object", () =>
    rig.play(
      {
        group: "hostile",
        name: "meddling: somebody puts a finalizer of their own on the object",
        fault,
        mayEnd: ["completed"],
      },
      async (scene) => {
        const runId = await scene.ask(quickRun);
        await scene.approve(runId);
        await scene.until(runId, ["active"]);
        const object = ["networkchaos", `${runId}-cut`, "-n", "cache", "--type=json", "-p"];
        const path = "/metadata/finalizers";
        const before = JSON.parse(await kube("get", ...object.slice(0, 4), "-o", "json")) as {
          metadata: { finalizers?: string[] };
        };
        const at = before.metadata.finalizers?.length ?? 0;
        const add = {
          op: "add",
          path: at === 0 ? path : `${path}/-`,
          value: at === 0 ? ["example.com/held"] : "example.com/held",
        };
        await kube("patch", ...object, JSON.stringify([add]));
        // Chaos Mesh empties the list when it has healed (anchors/chaos-platforms.md 3.2); one that stays is the ladder's.
        scene.hurt("active", "healing");
        scene.mended();
        await scene.until(runId, ["completed"]);
      },
    ));
});

async function requireReason({ database }: Scene, runId: string, says: RegExp): Promise<void> {
  const reasons = (await eventsAfter(database, runId, 0)).flatMap((event) =>
    event.type === "state" && event.reason !== null ? [event.reason] : [],
  );
  if (!reasons.some((reason) => says.test(reason)))
    throw new Error(`no reason says ${String(says)}: ${reasons.join("; ")}`);
}
