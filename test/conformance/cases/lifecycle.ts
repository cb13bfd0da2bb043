import assert from "node:assert/strict";
import type { Change, Ref } from "../client.ts";
import {
  conditionsOf,
  desiredPhaseOf,
  eventually,
  everyRecord,
  gone,
  injected,
  read,
  recordsOf,
  refuses,
  throughout,
} from "../expect.ts";
import { addressOf, answers } from "../ground.ts";
import type { Case } from "../suite.ts";
import { cut, pauseAnnotation } from "./specs.ts";

/** Until a watch has told of what was there before it: a client may take its time to begin one. */
async function begun(changes: readonly Change[], { name }: Ref): Promise<void> {
  const told = (): boolean => changes.some(({ object }) => object.metadata.name === name);
  await eventually(`the watch tells of ${name}, which is there`, async () => told(), Boolean);
}

/** What a watch told of one object, once DELETED is among it. */
function toldUntilDeleted(changes: readonly Change[], { name }: Ref): Promise<Change[]> {
  return eventually(
    "DELETED",
    async () => changes.filter(({ object }) => object.metadata.name === name),
    (seen) => seen.some(({ type }) => type === "DELETED"),
  );
}

export const lifecycleCases: readonly Case[] = [
  {
    name: "An object gets the finalizer chaos-mesh/records, four conditions without times, and records with their events",
    fast: true,
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("NetworkChaos", cut(ground));
      const thing = await injected(client, ref);
      assert.deepEqual(thing.metadata.finalizers, ["chaos-mesh/records"]);
      assert.equal(desiredPhaseOf(thing), "Run");
      const conditions = (thing.status?.["conditions"] ?? []) as Array<Record<string, unknown>>;
      assert.deepEqual(conditions.map(({ type }) => String(type)).toSorted(), [
        "AllInjected",
        "AllRecovered",
        "Paused",
        "Selected",
      ]);
      assert.ok(conditions.every((condition) => !("lastTransitionTime" in condition)));
      assert.deepEqual(conditionsOf(thing), {
        Selected: "True",
        AllInjected: "True",
        AllRecovered: "False",
        Paused: "False",
      });
      for (const record of recordsOf(thing)) {
        assert.equal(record.phase, "Injected");
        assert.equal(record.injectedCount, 1);
        assert.equal(record.recoveredCount, 0);
        const done = record.events.find(({ type, operation }) => type === "Succeeded" && operation === "Apply");
        assert.match(done?.timestamp ?? "no event", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      }
    },
  },
  {
    name: "duration counts from the object's creation: then Stop, every record Not Injected and recovered, the object stays",
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("NetworkChaos", cut(ground, { duration: "5s" }));
      const created = Date.parse((await injected(client, ref)).metadata.creationTimestamp ?? "");
      const thing = await eventually(
        "healed by its duration",
        () => read(client, ref),
        (seen) => desiredPhaseOf(seen) === "Stop" && everyRecord(seen, "Not Injected"),
        30_000,
      );
      for (const { injectedCount, recoveredCount, events } of recordsOf(thing)) {
        assert.deepEqual([injectedCount, recoveredCount], [1, 1]);
        const recovered = events.findLast(({ operation }) => operation === "Recover");
        const afterS = (Date.parse(recovered?.timestamp ?? "") - created) / 1000;
        // Both times have a resolution of one second.
        assert.ok(afterS >= 4 && afterS <= 15, `recovered ${afterS} s after the creation, with a duration of 5 s`);
      }
      const withAll = (seen: Record<string, string>): boolean => seen["AllRecovered"] === "True";
      await eventually("AllRecovered", async () => conditionsOf(await read(client, ref)), withAll);
      const two = await addressOf(client, ground, ground.pods[1] ?? "");
      await eventually("the pods answer", () => answers(client, ground, ground.pods[0] ?? "", two), Boolean);
    },
  },
  {
    name: "The pause annotation heals and keeps the object; only the value true does; removed, the same records come again",
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("NetworkChaos", cut(ground));
      const before = recordsOf(await injected(client, ref)).map(({ id }) => id);
      await client.mergePatch(ref, { metadata: { annotations: { [pauseAnnotation]: "yes" } } });
      await throughout(
        "not paused by the value yes",
        1500,
        () => read(client, ref),
        (thing) => everyRecord(thing, "Injected"),
      );
      await client.mergePatch(ref, { metadata: { annotations: { [pauseAnnotation]: "true" } } });
      const paused = await eventually(
        "healed by the pause",
        () => read(client, ref),
        (thing) => everyRecord(thing, "Not Injected") && conditionsOf(thing)["Paused"] === "True",
      );
      assert.equal(desiredPhaseOf(paused), "Stop");
      await client.mergePatch(ref, { metadata: { annotations: { [pauseAnnotation]: null } } });
      const again = recordsOf(await injected(client, ref));
      assert.deepEqual(
        again.map(({ id }) => id),
        before,
      );
      assert.deepEqual(
        again.map(({ injectedCount }) => injectedCount),
        [2, 2],
      );
    },
  },
  {
    name: "AllRecovered is True without any injection: for an object that is paused from its beginning",
    fast: true,
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("NetworkChaos", cut(ground), { [pauseAnnotation]: "true" });
      const thing = await eventually(
        "AllRecovered",
        () => read(client, ref),
        (seen) => conditionsOf(seen)["AllRecovered"] === "True",
      );
      const counts = recordsOf(thing).map(({ phase, injectedCount }) => `${phase} ${injectedCount}`);
      assert.deepEqual(counts, ["Not Injected 0", "Not Injected 0"]);
      assert.equal(conditionsOf(thing)["AllInjected"], "False");
    },
  },
  {
    name: "spec cannot be changed after the creation, not even duration",
    fast: true,
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("NetworkChaos", cut(ground, { duration: "1m" }));
      const patch = { spec: { duration: "10m" } };
      await refuses("a longer duration", () => client.mergePatch(ref, patch), /Cannot update chaos spec/);
      assert.equal((await read(client, ref)).spec?.["duration"], "1m");
    },
  },
  {
    name: "A merge patch of annotations leaves records and finalizers as they are",
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("NetworkChaos", cut(ground));
      const before = await injected(client, ref);
      await client.mergePatch(ref, { metadata: { annotations: { "example.com/note": "seen" } } });
      const after = await read(client, ref);
      assert.equal(after.metadata.annotations?.["example.com/note"], "seen");
      assert.deepEqual(after.metadata.finalizers, before.metadata.finalizers);
      assert.deepEqual(recordsOf(after), recordsOf(before));
    },
  },
  {
    name: "DELETE heals every record and then the object goes; a second DELETE is not found",
    fast: true,
    run: async (scene) => {
      const { client, ground } = scene;
      const changes: Change[] = [];
      const ref = await scene.start("NetworkChaos", cut(ground));
      await injected(client, ref);
      const stop = await client.watch(ref.kind, ref.namespace, (change) => changes.push(change));
      try {
        await begun(changes, ref);
        await client.remove(ref);
        await gone(client, ref);
        const own = await toldUntilDeleted(changes, ref);
        const last = own.at(-1);
        assert.equal(last?.type, "DELETED");
        assert.ok(everyRecord(last.object, "Not Injected"), "it went with records that were not healed");
      } finally {
        await stop();
      }
      const refused = await refuses("a second DELETE", () => client.remove(ref), /not found/);
      assert.ok(refused.isNotFound);
    },
  },
  {
    name: "A watch tells ADDED, then every change up to Injected, then DELETED, in this order",
    run: async (scene) => {
      const { client, ground } = scene;
      const changes: Change[] = [];
      const marker = await scene.start("NetworkChaos", cut(ground), { [pauseAnnotation]: "true" });
      const stop = await client.watch("NetworkChaos", ground.namespace, (change) => changes.push(change));
      try {
        await begun(changes, marker);
        const ref = await scene.start("NetworkChaos", cut(ground));
        await injected(client, ref);
        await client.remove(ref);
        await gone(client, ref);
        const own = await toldUntilDeleted(changes, ref);
        const types = own.map(({ type }) => type);
        assert.equal(types[0], "ADDED");
        assert.ok(
          types.slice(1, -1).every((type) => type === "MODIFIED"),
          types.join(" "),
        );
        const at = own.findIndex(({ object }) => everyRecord(object, "Injected"));
        const deleted = own.findIndex(({ object }) => object.metadata.deletionTimestamp !== undefined);
        assert.ok(at > 0 && deleted > at, `Injected at ${at}, deletion at ${deleted} of ${types.length}`);
      } finally {
        await stop();
      }
    },
  },
  {
    name: "A finalizer of somebody else's goes too when the records are healed",
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start("NetworkChaos", cut(ground));
      await injected(client, ref);
      const finalizers = ["chaos-mesh/records", "example.com/hold"];
      await client.mergePatch(ref, { metadata: { finalizers } });
      assert.deepEqual((await read(client, ref)).metadata.finalizers, finalizers);
      await client.remove(ref);
      await gone(client, ref);
    },
  },
];
