import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Server } from "node:net";
import { openDialler } from "../../src/lab/runtime/dial.ts";
import { listenLocally } from "../support/pod-way.ts";

// This process stands for a pod's: its network namespace is the one that the dialler enters.
describe.skipIf(process.getuid?.() !== 0)("the way into a pod's network namespace", () => {
  let server: Server;
  let port: number;
  const dialler = openDialler({ pid: process.pid }, "an-uid");
  beforeAll(async () => ({ server, port } = await listenLocally((socket) => socket.end("hello"))));
  afterAll(() => {
    dialler.close();
    server.close();
  });
  const said = async (): Promise<string> => {
    const socket = await dialler.dial(port);
    const [word] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return String(word);
  };

  it("takes no end of a helper that was let go for the end of the one that came after it", async () => {
    expect(await said()).toBe("hello");
    // As it lets go of one that nobody needs; that one ends while the next is starting.
    dialler.close();
    expect(await Promise.all([said(), said()])).toEqual(["hello", "hello"]);
  });

  it("says when the pod has gone", async () => {
    const gone = openDialler({ pid: 2 ** 22 + 1 }, "an-uid");
    await expect(gone.dial(port)).rejects.toThrow(/the pod is gone/);
    gone.close();
  });
});
