import assert from "node:assert/strict";
import {
  conditionsOf,
  desiredPhaseOf,
  eventually,
  gone,
  injected,
  read,
  recordsOf,
  refuses,
  throughout,
} from "../expect.ts";
import { allReady, isReady } from "../ground.ts";
import type { Case, Scene } from "../suite.ts";
import { kill, named, pauseAnnotation, podId } from "./specs.ts";

async function uidOf({ client, ground }: Scene, at: number): Promise<string> {
  const pod = await client.get({ kind: "Pod", namespace: ground.namespace, name: ground.pods[at] ?? "" });
  return pod?.metadata.uid ?? "";
}

async function containerIdOf({ client, ground }: Scene, at: number): Promise<string> {
  const pod = await client.get({ kind: "Pod", namespace: ground.namespace, name: ground.pods[at] ?? "" });
  const statuses = (pod?.status?.["containerStatuses"] ?? []) as Array<{ containerID?: string }>;
  return statuses[0]?.containerID ?? "";
}

export const podCases: readonly Case[] = [
  {
    name: "PodChaos pod-kill: done at once, by another pod of the same name; it never recovers, and knows no duration",
    run: async (scene) => {
      const { client, ground } = scene;
      const before = await uidOf(scene, 1);
      const ref = await scene.start("PodChaos", kill(ground, { duration: "1s" }));
      const thing = await injected(client, ref);
      assert.deepEqual(
        recordsOf(thing).map(({ id, selectorKey }) => `${id} ${selectorKey}`),
        [`${podId(ground, 1)} .`],
      );
      await eventually(
        "another pod",
        () => uidOf(scene, 1),
        (uid) => uid !== "" && uid !== before,
        60_000,
      );
      await throughout(
        "it stays Injected and Run after its duration, and AllRecovered stays False",
        2500,
        () => read(client, ref),
        (seen) =>
          desiredPhaseOf(seen) === "Run" &&
          recordsOf(seen).every(({ phase }) => phase === "Injected") &&
          conditionsOf(seen)["AllRecovered"] === "False",
      );
      await client.remove(ref);
      await gone(client, ref);
      await allReady(client, ground);
    },
  },
  {
    name: "PodChaos pod-kill: the pause annotation changes nothing about it",
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("PodChaos", kill(ground));
      await injected(client, ref);
      await client.mergePatch(ref, { metadata: { annotations: { [pauseAnnotation]: "true" } } });
      await eventually(
        "the condition Paused",
        () => read(client, ref),
        (thing) => conditionsOf(thing)["Paused"] === "True",
      );
      const thing = await read(client, ref);
      assert.equal(desiredPhaseOf(thing), "Run");
      assert.ok(recordsOf(thing).every(({ phase, recoveredCount }) => phase === "Injected" && recoveredCount === 0));
      await allReady(client, ground);
    },
  },
  {
    name: "PodChaos pod-failure: the pod is held down while it lasts, and is ready again after the DELETE",
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("PodChaos", { action: "pod-failure", ...named(ground, ground.pods[1] ?? "") });
      const [record] = recordsOf(await injected(client, ref));
      assert.equal(record?.id, podId(ground, 1));
      const pod = { kind: "Pod", namespace: ground.namespace, name: ground.pods[1] ?? "" };
      await eventually(
        "it is not ready",
        () => read(client, pod),
        (thing) => !isReady(thing),
        60_000,
      );
      await client.remove(ref);
      await gone(client, ref);
      await allReady(client, ground);
    },
  },
  {
    name: "PodChaos container-kill: recorded as ns/pod/container, a new container in the same pod, and done",
    run: async (scene) => {
      const { client, ground } = scene;
      const [uid, container] = [await uidOf(scene, 1), await containerIdOf(scene, 1)];
      const spec = {
        action: "container-kill",
        ...named(ground, ground.pods[1] ?? ""),
        containerNames: [ground.container],
      };
      const ref = await scene.start("PodChaos", spec);
      const [record] = recordsOf(await injected(client, ref));
      assert.equal(record?.id, `${podId(ground, 1)}/${ground.container}`);
      const isOther = (id: string): boolean => id !== "" && id !== container;
      await eventually("another container", () => containerIdOf(scene, 1), isOther, 60_000);
      assert.equal(await uidOf(scene, 1), uid, "the pod was replaced");
      assert.equal(conditionsOf(await read(client, ref))["AllRecovered"], "False");
      await allReady(client, ground);
    },
  },
  {
    name: "PodChaos container-kill without containerNames is refused",
    fast: true,
    run: async ({ client, ground, chaos }) => {
      const thing = chaos("PodChaos", { action: "container-kill", ...named(ground, ground.pods[1] ?? "") });
      await refuses("no container", () => client.create(thing), /containerNames|name of container is empty/);
    },
  },
];
