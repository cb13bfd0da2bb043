import { readFileSync } from "node:fs";
import { Agent, createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { parse } from "yaml";
import { renderKubeconfig, writeKubeconfig } from "../../../src/lab/api/kubeconfig.ts";
import { createCertificates } from "../../../src/lab/api/tls.ts";
import { answer, type Upstream } from "./answer.ts";
import { readRequest, type Asked } from "./asked.ts";
import { tunnel } from "./exec-tunnel.ts";
import { byRules, type Judge, type Misdeed, type Rule } from "./misdeeds.ts";

export interface HostileApi {
  /** A kubeconfig that points to the proxy; its context is `lab`. */
  kubeconfigPath: string;
  /** Every request in the order in which they came, and what became of it. */
  calls: ReadonlyArray<Asked & { misdeed: Misdeed | null }>;
  /** From now on these rules, each as often as it says; what is under way goes on as it was begun. */
  script(...rules: Rule[]): void;
  judge(judge: Judge): void;
  /** From now on everything is passed on. */
  behave(): void;
  stop(): Promise<void>;
}

/**
 * A proxy before a real Kubernetes API server that does what such servers, and the networks before them, do at their
 * worst. A test tool, not a double: what it passes on is answered by the real server. It reads the lab's kubeconfig (a CA
 * and a token) and writes one of its own to `directory`.
 */
export async function startHostileApi(kubeconfigPath: string, directory: string): Promise<HostileApi> {
  const real = readAccess(kubeconfigPath);
  const agent = new Agent({ keepAlive: true, ca: real.ca });
  const upstream: Upstream = { url: real.url, ca: real.ca, agent };
  const certificates = await createCertificates(Date.now());
  const startedAt = performance.now();
  const calls: Array<Asked & { misdeed: Misdeed | null }> = [];
  let judge: Judge = () => null;
  const judged = (method = "GET", url = "/"): { asked: Asked; misdeed: Misdeed | null } => {
    const asked = readRequest(method, url, performance.now() - startedAt);
    const misdeed = judge(asked);
    calls.push({ ...asked, misdeed });
    return { asked, misdeed };
  };
  const server = createServer({ key: certificates.key, cert: certificates.certificate }, (request, response) => {
    const { asked, misdeed } = judged(request.method, request.url);
    answer(upstream, asked, misdeed, request, response).catch(() => response.destroy());
  });
  server.requestTimeout = 0;
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (request, client: Duplex, head) => {
    upgraded.add(client);
    client.once("close", () => upgraded.delete(client));
    tunnel(upstream, judged(request.method, request.url).misdeed, request, client, head);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const path = await writeKubeconfig(directory, renderKubeconfig({ url, ca: certificates.ca, token: real.token }));
  return {
    kubeconfigPath: path,
    calls,
    script: (...rules) => (judge = byRules(rules)),
    judge: (next) => (judge = next),
    behave: () => (judge = () => null),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const client of upgraded) client.destroy();
        agent.destroy();
      }),
  };
}

function readAccess(kubeconfigPath: string): { url: URL; ca: string; token: string } {
  const config = parse(readFileSync(kubeconfigPath, "utf8")) as {
    clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
    users: [{ user: { token: string } }];
  };
  const { cluster } = config.clusters[0];
  return {
    url: new URL(cluster.server),
    ca: Buffer.from(cluster["certificate-authority-data"], "base64").toString("utf8"),
    token: config.users[0].user.token,
  };
}
