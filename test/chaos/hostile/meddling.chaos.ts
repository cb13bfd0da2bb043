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

describe.skipIf(process.getuid?.() !== 0)("somebody else at the same cluster", () => {
  let rig: Rig;
  const kube = (...args: string[]): Promise<string> => {
    const input = args.at(-1)?.startsWith("{") === true ? args.pop() : undefined;
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
});

async function requireReason({ database }: Scene, runId: string, says: RegExp): Promise<void> {
  const reasons = (await eventsAfter(database, runId, 0)).flatMap((event) =>
    event.type === "state" && event.reason !== null ? [event.reason] : [],
  );
  if (!reasons.some((reason) => says.test(reason)))
    throw new Error(`no reason says ${String(says)}: ${reasons.join("; ")}`);
}
