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
    name: "meddling: somebody puts another object of that name in its place",
    does: async (object, kube) => {
      const found = JSON.parse(await kube("get", "networkchaos", object, "-n", "cache", "-o", "json")) as {
        metadata: { name: string; namespace: string; labels: Record<string, string> };
        spec: Record<string, unknown>;
      };
      await kube("delete", "networkchaos", object, "-n", "cache");
      const { name, namespace, labels } = found.metadata;
      const spec = { ...found.spec, duration: "5m" };
      const kind = { apiVersion: "chaos-mesh.org/v1alpha1", kind: "NetworkChaos" };
      await kube("apply", "-f", "-", JSON.stringify({ ...kind, metadata: { name, namespace, labels }, spec }));
    },
    says: /somebody (changed the object's duration|deleted the object|is deleting the object)|the cluster reports/,
  },
  {
    name: "meddling: a target's pod is deleted by force",
    does: (_object, kube) => kube("delete", "pod", "redis-2", "-n", "cache", "--force", "--grace-period=0"),
    says: /pod redis-2 was replaced/,
  },
];

/** So long somebody's finalizer keeps the object, healed or not; less than the first rung of the abort ladder. */
const heldMs = 8000;

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
        name: "meddling: somebody's finalizer keeps the object for 8 s after it was asked to go",
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
        scene.hurt("healing");
        await scene.until(runId, ["healing"]);
        await new Promise((resolve) => setTimeout(resolve, heldMs));
        if ((await scene.state(runId)) !== "healing")
          throw new Error("the object went with somebody's finalizer on it");
        await kube("patch", ...object, JSON.stringify([{ op: "remove", path }]));
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
