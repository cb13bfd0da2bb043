import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { upgrade } from "../../src/cluster/upgrade.ts";
import { createAuthority, type Authority, type Issued } from "../support/certificates.ts";

/** A server that takes WebSockets, stands for an API server, and says of each connection whether its handshake was a full one. */
describe("upgrades to the API server", () => {
  let authority: Authority;
  let client: Issued;
  let server: ReturnType<typeof createServer>;
  const handshakes: string[] = [];
  beforeAll(async () => {
    authority = await createAuthority("cluster");
    client = await authority.issue({ commonName: "worker" });
    const own = await authority.issue({ commonName: "api", ips: ["127.0.0.1"] });
    server = createServer({ ...own, ca: authority.ca, requestCert: true, rejectUnauthorized: true });
    server.on("secureConnection", (socket: TLSSocket) => {
      const who = socket.getPeerCertificate().subject?.CN ?? "";
      handshakes.push(`${socket.isSessionReused() ? "resumed" : "full"} as ${String(who)}`);
    });
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.send("hello"));
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  function kubeConfig(): KubeConfig {
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      {
        name: "api",
        server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        caData: base64(authority.ca),
        skipTLSVerify: false,
      },
      { name: "worker", certData: base64(client.cert), keyData: base64(client.key) },
    );
    return config;
  }

  async function open(config: KubeConfig): Promise<void> {
    const heard = new Promise<void>((resolve, reject) => {
      const onMessage = (): void => resolve();
      const signal = AbortSignal.timeout(10_000);
      upgrade(config, { path: "/", protocols: [], what: "exec", signal, onMessage }).catch(reject);
    });
    await heard;
  }

  it("resume the TLS session of the one before, as the same client; another kubeconfig begins its own", async () => {
    const config = kubeConfig();
    for (let count = 0; count < 4; count += 1) await open(config);
    expect(handshakes.splice(0)).toEqual(["full as worker", ...Array<string>(3).fill("resumed as worker")]);
    await open(kubeConfig());
    expect(handshakes.splice(0)).toEqual(["full as worker"]);
  });
});
