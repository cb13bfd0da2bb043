import assert from "node:assert/strict";
import { eventually, gone, injected, read, recordsOf, refuses } from "../expect.ts";
import { NotOffered, type Case, type Scene } from "../suite.ts";
import { io, podId } from "./specs.ts";

const delayMs = 400;

/** How long a write and its fsync take in the third pod's volume, in milliseconds by the container's clock. */
async function writeMs({ client, ground }: Scene, file: string): Promise<number> {
  const script = `a=$(cut -d' ' -f1 /proc/uptime); dd if=/dev/zero of="$1" bs=512 count=1 conv=fsync 2>/dev/null || exit 9
b=$(cut -d' ' -f1 /proc/uptime); echo "$a $b"`;
  const ran = await client.exec(ground.namespace, ground.pods[2] ?? "", ground.container, [
    "sh",
    "-c",
    script,
    "sh",
    file,
  ]);
  assert.equal(ran.exitCode, 0, `writing ${file}: exit ${ran.exitCode} ${ran.stderr}`);
  const [from = 0, to = 0] = ran.stdout.trim().split(" ").map(Number);
  return (to - from) * 1000;
}

async function write({ client, ground }: Scene, file: string): Promise<{ failed: boolean; said: string }> {
  const command = ["sh", "-c", 'echo x > "$1"', "sh", file];
  const ran = await client.exec(ground.namespace, ground.pods[2] ?? "", ground.container, command);
  return { failed: ran.exitCode !== 0, said: ran.stderr };
}

export const ioCases: readonly Case[] = [
  {
    name: "IOChaos latency: recorded as ns/pod/container, felt on every write, and gone with the DELETE",
    run: async (scene) => {
      const { client, ground } = scene;
      const file = `${ground.volumePath}/slow`;
      assert.ok((await writeMs(scene, file)) < delayMs, "slow before the fault");
      const ref = await scene.start("IOChaos", io(ground, { action: "latency", delay: `${delayMs}ms`, percent: 100 }));
      const [record] = recordsOf(await injected(client, ref, 40_000));
      assert.equal(record?.id, `${podId(ground, 2)}/${ground.container}`);
      const slow = await writeMs(scene, file);
      assert.ok(slow >= delayMs, `a write took ${slow.toFixed(0)} ms under a delay of ${delayMs} ms`);
      await client.remove(ref);
      await gone(client, ref, 40_000);
      await eventually(
        "as quick as before",
        () => writeMs(scene, file),
        (ms) => ms < delayMs,
      );
    },
  },
  {
    name: "IOChaos fault: errno 5 on the files of its glob and no others; without containerNames, the first container",
    run: async (scene) => {
      const { client, ground } = scene;
      const hit = { action: "fault", errno: 5, methods: ["WRITE", "fsync"], containerNames: undefined };
      const ref = await scene.start("IOChaos", io(ground, { ...hit, path: `${ground.volumePath}/hit-*` }));
      const [record] = recordsOf(await injected(client, ref, 40_000));
      assert.equal(record?.id, `${podId(ground, 2)}/${ground.container}`);
      const failed = await write(scene, `${ground.volumePath}/hit-1`);
      assert.ok(failed.failed, "a write that the glob names was taken");
      assert.match(failed.said, /I\/O error|Input\/output error/);
      assert.equal((await write(scene, `${ground.volumePath}/other`)).failed, false, "a file beside the glob was hit");
      await client.remove(ref);
      await gone(client, ref, 40_000);
      assert.equal((await write(scene, `${ground.volumePath}/hit-1`)).failed, false, "it fails after the DELETE");
    },
  },
  {
    name: "IOChaos: a star in its path stops at a slash",
    run: async (scene) => {
      const { client, ground } = scene;
      await client.exec(ground.namespace, ground.pods[2] ?? "", ground.container, [
        "mkdir",
        "-p",
        `${ground.volumePath}/deep`,
      ]);
      const hit = { action: "fault", errno: 5, methods: ["write"], path: `${ground.volumePath}/*` };
      const ref = await scene.start("IOChaos", io(ground, hit));
      await injected(client, ref, 40_000);
      assert.equal((await write(scene, `${ground.volumePath}/deep/file`)).failed, false, "a file of a folder was hit");
      assert.equal(
        (await write(scene, `${ground.volumePath}/file`)).failed,
        true,
        "a file of the volume's root was not",
      );
    },
  },
  {
    name: "IOChaos on a path that is no mount: Not Injected/Wait, the reason in a Failed event, never injected",
    run: async (scene) => {
      const { client, ground } = scene;
      const ref = await scene.start(
        "IOChaos",
        io(ground, { action: "fault", errno: 5, volumePath: "/tmp", path: "/tmp/**/*" }),
      );
      const thing = await eventually(
        "a failed attempt",
        () => read(client, ref),
        (seen) => recordsOf(seen).some(({ events }) => events.some(({ type }) => type === "Failed")),
      );
      const [record] = recordsOf(thing);
      assert.equal(record?.phase, "Not Injected/Wait");
      assert.equal(record.injectedCount, 0);
      const failure = record.events.find(({ type }) => type === "Failed");
      assert.equal(failure?.operation, "Apply");
      assert.notEqual(failure.message ?? "", "");
    },
  },
  {
    name: "A fault that could not be injected cannot be deleted: the force annotation does not help, finalizers null does",
    run: async (scene) => {
      const { client, ground } = scene;
      if (ground.kind === "lab") {
        throw new NotOffered("the lab lets an object go that it could not apply, where Chaos Mesh keeps it for ever");
      }
      const ref = await scene.start(
        "IOChaos",
        io(ground, { action: "fault", errno: 5, volumePath: "/tmp", path: "/tmp/**/*" }),
      );
      await eventually(
        "a failed attempt",
        () => read(client, ref),
        (seen) => recordsOf(seen).some(({ phase }) => phase === "Not Injected/Wait"),
      );
      await client.remove(ref);
      const forced = { "chaos-mesh.chaos-mesh.org/cleanFinalizer": "forced" };
      await client.mergePatch(ref, { metadata: { annotations: forced } });
      const end = performance.now() + 5000;
      while (performance.now() < end) {
        const thing = await read(client, ref);
        assert.notEqual(thing.metadata.deletionTimestamp, undefined);
      }
      await client.mergePatch(ref, { metadata: { finalizers: null } });
      await gone(client, ref);
    },
  },
  {
    name: "IOChaos: no errno, errno 0 and a percentage above 100 are refused; an unknown method is not",
    fast: true,
    run: async ({ client, ground, chaos }) => {
      const fault = (change: object) => chaos("IOChaos", io(ground, { action: "fault", errno: 5, ...change }));
      await refuses("errno 0", () => client.create(fault({ errno: 0 })), /errno/);
      await refuses("no errno", () => client.create(fault({ errno: undefined })), /errno/);
      await refuses("percent 101", () => client.create(fault({ percent: 101 })), /percent/);
      await refuses("a percentage in text", () => client.create(fault({ percent: "50" })), /percent/);
      // This is why the bot refuses it by itself.
      await client.create(fault({ methods: ["fdatasync"], path: `${ground.volumePath}/none` }));
    },
  },
];
