import assert from "node:assert/strict";
import { conditionsOf, eventually, injected, read, recordsOf, refuses, throughout } from "../expect.ts";
import type { Case } from "../suite.ts";
import { cut, named, pauseAnnotation, podId } from "./specs.ts";

export const selectionCases: readonly Case[] = [
  {
    name: "pods in a selector override every other selector; a pod that is not there is skipped without a word",
    run: async (scene) => {
      const { client, ground } = scene;
      const [one = "", two = ""] = ground.pods;
      const selector = { pods: { [ground.namespace]: [one, "gone-0"] }, labelSelectors: { app: "nothing-has-this" } };
      const spec = { action: "partition", mode: "all", selector, direction: "both", target: named(ground, two) };
      const ref = await scene.start("NetworkChaos", spec);
      const own = recordsOf(await injected(client, ref)).filter(({ selectorKey }) => selectorKey === ".");
      assert.deepEqual(
        own.map(({ id }) => id),
        [podId(ground, 0)],
      );
    },
  },
  {
    name: "mode fixed takes its value as a string, refuses 0 and a number, and lowers what is more than there are",
    fast: true,
    run: async (scene) => {
      const { client, chaos } = scene;
      const all = { selector: { labelSelectors: { app: "probe" } }, mode: "fixed" };
      const spec = (value: unknown): object => ({ action: "pod-failure", ...all, value });
      await refuses("the value 0", () => client.create(chaos("PodChaos", spec("0"))), /value/);
      await refuses("the value 2 as a number", () => client.create(chaos("PodChaos", spec(2))), /value/);
      // Paused from the beginning: selected, and nobody is hurt.
      const paused = { [pauseAnnotation]: "true" };
      for (const [value, count] of [
        ["2", 2],
        ["9", 3],
      ] as const) {
        const ref = await scene.start("PodChaos", spec(value), paused);
        await eventually(
          `${count} records for the value ${value}`,
          async () => recordsOf(await read(client, ref)).length,
          (records) => records === count,
        );
      }
    },
  },
  {
    name: "An empty list of namespaces means the object's own",
    run: async (scene) => {
      const { client, ground } = scene;
      const selector = {
        namespaces: [],
        labelSelectors: { "statefulset.kubernetes.io/pod-name": ground.pods[0] ?? "" },
      };
      const spec = { ...cut(ground), selector };
      const ref = await scene.start("NetworkChaos", spec);
      const thing = await injected(client, ref);
      assert.ok(recordsOf(thing).some(({ id, selectorKey }) => id === podId(ground, 0) && selectorKey === "."));
      const found = thing.spec?.["selector"] as { namespaces?: string[] };
      assert.deepEqual(found.namespaces, [ground.namespace]);
    },
  },
  {
    name: "A selector that matches nothing: Selected False, no record, an event that says so, and no second look",
    fast: true,
    run: async (scene) => {
      const { client, ground } = scene;
      const spec = { action: "pod-kill", mode: "all", selector: { labelSelectors: { app: "nothing-has-this" } } };
      const ref = await scene.start("PodChaos", spec);
      const looked = (thing: Record<string, string>): boolean => thing["Selected"] === "False";
      await eventually("Selected False", async () => conditionsOf(await read(client, ref)), looked);
      const events = await eventually(
        "an event Failed that names the selection",
        async () =>
          (await client.list("Event", ground.namespace)).filter((event) => {
            const { reason, involvedObject } = event as unknown as { reason: string; involvedObject: { name: string } };
            return reason === "Failed" && involvedObject.name === ref.name;
          }),
        (found) => found.length > 0,
      );
      assert.match((events[0] as unknown as { message: string }).message, /select targets/);
      await throughout(
        "no record",
        1000,
        () => read(client, ref),
        (thing) => recordsOf(thing).length === 0,
      );
    },
  },
  {
    name: "Unknown fields are refused by name with strict validation, and dropped without a word else",
    fast: true,
    run: async ({ client, ground, chaos }) => {
      const spec = cut(ground, { containerNames: ["probe"] });
      const strict = chaos("NetworkChaos", spec);
      await refuses("an unknown field", () => client.create(strict, "strict"), /unknown field "spec\.containerNames"/);
      const loose = await client.create(chaos("NetworkChaos", spec), "ignore");
      assert.equal(loose.spec?.["containerNames"], undefined);
      assert.equal(loose.spec?.["action"], "partition");
    },
  },
  {
    name: "An action, a mode and a direction that do not exist are refused; the mode and the selector are required",
    run: async ({ client, ground, chaos }) => {
      const refused = (what: string, change: object, words: RegExp) =>
        refuses(what, () => client.create(chaos("NetworkChaos", { ...cut(ground), ...change })), words);
      await refused("an action", { action: "cut" }, /action/);
      await refused("a mode", { mode: "every" }, /mode/);
      await refused("a direction", { direction: "sideways" }, /direction/);
      await refused("no mode", { mode: undefined }, /mode/);
      await refused("no selector", { selector: undefined }, /selector/);
      await refused("a duration", { duration: "soon" }, /duration/);
    },
  },
];
