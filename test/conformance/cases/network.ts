import assert from "node:assert/strict";
import { eventually, gone, injected, read, recordsOf } from "../expect.ts";
import { addressOf, answers } from "../ground.ts";
import type { Case, Scene } from "../suite.ts";
import { cut, podId } from "./specs.ts";

/** A partition cuts in the data path, stands in the pods' children, and goes with the DELETE. */
function partition(direction: "to" | "from" | "both"): Case {
  return {
    name: `NetworkChaos partition ${direction}: no answer in either direction, until deleted`,
    run: async (scene) => {
      const { client, ground } = scene;
      const [one = "", two = "", three = ""] = ground.pods;
      const first = await addressOf(client, ground, one);
      const second = await addressOf(client, ground, two);
      await eventually("the pods answer before", () => answers(client, ground, one, second), Boolean);
      const ref = await scene.start("NetworkChaos", cut(ground, { direction }));
      const records = recordsOf(await injected(client, ref));
      assert.deepEqual(
        records.map(({ id, selectorKey }) => `${id} ${selectorKey}`).toSorted(),
        [`${podId(ground, 0)} .`, `${podId(ground, 1)} .Target`].toSorted(),
      );
      // A connection needs both directions: cut in one, neither side can make any.
      assert.equal(await answers(client, ground, one, second), false, `${one} reached ${two} while cut ${direction}`);
      assert.equal(await answers(client, ground, two, first), false, `${two} reached ${one} while cut ${direction}`);
      assert.equal(
        await answers(client, ground, three, second),
        true,
        `${three} did not reach ${two}, which nobody cut`,
      );
      const source = `${ground.namespace}/${ref.name}`;
      const wanted = { to: ["output", "input"], from: ["input", "output"], both: ["input output", "input output"] };
      assert.deepEqual(await directions(scene, source), wanted[direction]);
      await client.remove(ref);
      await gone(client, ref);
      assert.deepEqual(await directions(scene, source), ["", ""], "rules are left in the children");
      await eventually("the pods answer after", () => answers(client, ground, one, second), Boolean);
      assert.equal(await answers(client, ground, two, first), true);
    },
  };
}

/** In which directions the children of the first two pods drop for a source; the children outlive the fault, emptied. */
function directions({ client, ground }: Scene, source: string): Promise<string[]> {
  return Promise.all(
    ground.pods.slice(0, 2).map(async (name) => {
      const child = await client.get({ kind: "PodNetworkChaos", namespace: ground.namespace, name });
      const chains = (child?.spec?.["iptables"] ?? []) as Array<{ direction: string; source: string }>;
      const own = chains.filter((chain) => chain.source === source).map((chain) => chain.direction.toLowerCase());
      return [...new Set(own)].toSorted().join(" ");
    }),
  );
}

export const networkCases: readonly Case[] = [
  partition("to"),
  partition("from"),
  partition("both"),
  {
    name: "NetworkChaos partition: two objects on the same pods at once, and the first stays when the second goes",
    run: async (scene) => {
      const { client, ground } = scene;
      const [first, second] = await Promise.all([
        scene.start("NetworkChaos", cut(ground)),
        scene.start("NetworkChaos", cut(ground)),
      ]);
      await injected(client, first);
      await injected(client, second);
      await client.remove(second);
      await gone(client, second);
      const records = recordsOf(await read(client, first));
      assert.ok(records.every(({ phase }) => phase === "Injected"));
      const two = await addressOf(client, ground, ground.pods[1] ?? "");
      assert.equal(
        await answers(client, ground, ground.pods[0] ?? "", two),
        false,
        "the first fault ended with the second",
      );
    },
  },
];
