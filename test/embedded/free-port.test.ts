import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { onFreePort } from "../../src/embedded/free-port.ts";

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listen(port: number): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return port;
}

describe("onFreePort", () => {
  it("tries another port when somebody was faster", async () => {
    const tried: number[] = [];
    const port = await onFreePort(async (candidate) => {
      tried.push(candidate);
      // The first candidate is taken before the server comes to it.
      if (tried.length === 1) await listen(candidate);
      return listen(candidate);
    });
    expect(tried).toHaveLength(2);
    expect(port).toBe(tried[1]);
  });

  it("gives up after three", async () => {
    let tried = 0;
    await expect(
      onFreePort(async (candidate) => {
        tried += 1;
        await listen(candidate);
        return listen(candidate);
      }),
    ).rejects.toThrow("EADDRINUSE");
    expect(tried).toBe(3);
  });

  it("does not try again for another reason", async () => {
    let tried = 0;
    await expect(
      onFreePort(async () => {
        tried += 1;
        throw new Error("no such program");
      }),
    ).rejects.toThrow("no such program");
    expect(tried).toBe(1);
  });
});
