import { createServer, type AddressInfo } from "node:net";
import { messageOf } from "../errors.ts";

/** A TCP port of loopback that is free at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const attempts = 3;

/**
 * Starts a server on a free port. Another process may take the port before the server does; then the next one is
 * tried. `begin` must reject with the server's own words.
 */
export async function onFreePort<T>(begin: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin(await freePort());
    } catch (error) {
      if (attempt === attempts || !/in use|EADDRINUSE/i.test(messageOf(error))) throw error;
    }
  }
}
