import { eventually } from "./expect.ts";
import type { Client, Thing } from "./client.ts";

/**
 * Where the cases act: a namespace of the suite's own with three small pods, each with a volume and a port that answers.
 * In the lab and on any cluster it is the same StatefulSet; nothing outside the namespace is touched.
 */
export interface Ground {
  kind: "lab" | "cluster";
  namespace: string;
  pods: readonly string[];
  container: string;
  volumePath: string;
}

export interface GroundOptions {
  kind: Ground["kind"];
  namespace: string;
  /** Of the pods; the lab runs the commands of its own machine and ignores it. */
  image: string;
  /** How long the pods may take to be ready: an image may have to be fetched first. */
  readyWithinMs: number;
}

export const defaultImage = "busybox:1.36";
const container = "probe";
const volumePath = "/data";
const replicas = 3;

/** Answers HTTP on 8080, with busybox in a cluster and with Python in the lab. */
const serve = `if command -v busybox >/dev/null 2>&1; then exec busybox httpd -f -p 8080 -h /tmp
else exec python3 -m http.server 8080 --directory /tmp; fi`;

/** Makes the namespace and the pods and waits for them. Rejects with what was last seen of them. */
export async function layGround(client: Client, options: GroundOptions): Promise<Ground> {
  const { namespace, image } = options;
  // Some installations of Chaos Mesh inject only where this is set (controllerManager.enableFilterNamespace).
  const metadata = { name: namespace, annotations: { "chaos-mesh.org/inject": "enabled" } };
  await client.create({ apiVersion: "v1", kind: "Namespace", metadata });
  await client.create({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "probe", namespace },
    spec: {
      replicas,
      serviceName: "probe",
      podManagementPolicy: "Parallel",
      selector: { matchLabels: { app: "probe" } },
      template: {
        metadata: { labels: { app: "probe" } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: container,
              image,
              command: ["sh", "-c", serve],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              resources: { requests: { cpu: "10m", memory: "16Mi" } },
              volumeMounts: [{ name: "data", mountPath: volumePath }],
            },
          ],
          volumes: [{ name: "data", emptyDir: {} }],
        },
      },
    },
  });
  const pods = Array.from({ length: replicas }, (_, at) => `probe-${at}`);
  const ground: Ground = { kind: options.kind, namespace, pods, container, volumePath };
  await allReady(client, ground, options.readyWithinMs);
  return ground;
}

/** Takes the namespace away, with all that is in it. */
export async function clearGround(client: Client, { namespace }: Ground): Promise<void> {
  await client.remove({ kind: "Namespace", namespace: "", name: namespace });
}

/** Until every pod of the ground is ready; a case that kills pods ends with this. */
export async function allReady(client: Client, ground: Ground, withinMs = 60_000): Promise<Thing[]> {
  return eventually(
    `${ground.pods.join(", ")} are ready`,
    async () =>
      (await client.list("Pod", ground.namespace)).filter(({ metadata }) => ground.pods.includes(metadata.name)),
    (pods) => pods.length === ground.pods.length && pods.every(isReady),
    withinMs,
  );
}

export function isReady(pod: Thing): boolean {
  const conditions = (pod.status?.["conditions"] ?? []) as Array<{ type: string; status: string }>;
  const ready = conditions.some(({ type, status }) => type === "Ready" && status === "True");
  return ready && pod.metadata.deletionTimestamp === undefined;
}

export async function addressOf(client: Client, ground: Ground, name: string): Promise<string> {
  const pod = await client.get({ kind: "Pod", namespace: ground.namespace, name });
  return String(pod?.status?.["podIP"] ?? "");
}

/** Whether one pod gets an answer from another over HTTP within two seconds. */
export async function answers(client: Client, ground: Ground, from: string, address: string): Promise<boolean> {
  const ask = `if command -v busybox >/dev/null 2>&1; then busybox wget -q -T 2 -O /dev/null "http://$1:8080/"
else python3 -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=2).read()' "http://$1:8080/" 2>/dev/null; fi`;
  const ran = await client.exec(ground.namespace, from, ground.container, ["sh", "-c", ask, "sh", address]);
  return ran.exitCode === 0;
}
