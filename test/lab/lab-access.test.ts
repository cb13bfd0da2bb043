import { once } from "node:events";
import { PassThrough } from "node:stream";
import * as k8s from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { readAccessLog } from "../support/lab-access.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("what the lab shows of a cluster", () => {
  let lab: LaunchedLab;
  beforeAll(async () => {
    lab = await launchLab();
  });
  afterAll(() => lab?.stop());
  const k = (...args: string[]) => kubectlOk(lab.kubeconfigPath, args);
  const forward = async (pod: string, port: number) => {
    const config = new k8s.KubeConfig();
    config.loadFromFile(lab.kubeconfigPath);
    const [output, problems, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const socket = await new k8s.PortForward(config).portForward("cache", pod, [port], output, problems, input);
    return { output, problems, input, close: () => (socket as { close(): void }).close() };
  };
  const read = async (stream: PassThrough, until: RegExp): Promise<string> => {
    let text = "";
    while (!until.test(text)) text += String((await once(stream, "data"))[0]);
    return text;
  };

  it("reaches a real Redis through the API server, and says when nothing listens", async () => {
    const { output, input, close } = await forward("redis-0", 6379);
    input.write("PING\r\n");
    expect(await read(output, /\r\n/)).toBe("+PONG\r\n");
    close();
    const dead = await forward("redis-0", 6399);
    expect(await read(dead.problems, /refused/)).toMatch(
      /^error forwarding port 6399 to pod redis-0, uid [\w-]+: failed to execute portforward in network namespace "\S+": failed to connect to localhost:6399 inside namespace "[\w-]+", IPv4: dial tcp4 127\.0\.0\.1:6399: connect: connection refused IPv6 dial tcp6 \[::1\]:6399: connect: /,
    );
    const asked = (await readAccessLog(lab.kubeconfigPath, "lab")).map(({ attributes }) => attributes);
    expect(asked).toContainEqual({
      about: "resource",
      verb: "get",
      group: "",
      resource: "pods",
      subresource: "portforward",
      namespace: "cache",
      name: "redis-0",
    });
  });

  it("shows the workloads of Chaos Mesh, ready, one daemon on each node", async () => {
    await k(
      "wait",
      "-n",
      "chaos-mesh",
      "--for=condition=Available",
      "deployment/chaos-controller-manager",
      "--timeout=20s",
    );
    await k("rollout", "status", "-n", "chaos-mesh", "daemonset/chaos-daemon", "--timeout=20s");
    const component = "app.kubernetes.io/component";
    const daemons = await k(
      "get",
      "pods",
      "-n",
      "chaos-mesh",
      "-l",
      `${component}=chaos-daemon`,
      "-o",
      "jsonpath={.items[*].spec.nodeName}",
    );
    expect(daemons.split(" ").toSorted()).toEqual(["lab-node-1", "lab-node-2", "lab-node-3"]);
    const controller = await k(
      "get",
      "pods",
      "-n",
      "chaos-mesh",
      "-l",
      `${component}=controller-manager`,
      "-o",
      "json",
    );
    const { items } = JSON.parse(controller) as {
      items: Array<{ metadata: { annotations: object; labels: object }; status: { conditions: object[] } }>;
    };
    expect(items).toHaveLength(1);
    expect(items[0]?.metadata.annotations).toHaveProperty(["lab.aftershock.dev/stands-for"]);
    expect(items[0]?.metadata.labels).toMatchObject({
      "app.kubernetes.io/version": expect.stringMatching(/^2\./) as string,
    });
    expect(items[0]?.status.conditions).toContainEqual(expect.objectContaining({ type: "Ready", status: "True" }));
    expect(await k("get", "daemonsets", "-A")).toMatch(/chaos-mesh\s+chaos-daemon\s+3\s+3\s+3\s+3\s+3\s+<none>/);
    // A daemon that is deleted is replaced.
    const [name = ""] = (
      await k("get", "pods", "-n", "chaos-mesh", "-l", `${component}=chaos-daemon`, "-o", "name")
    ).split("\n");
    await k("delete", name, "-n", "chaos-mesh");
    await k("rollout", "status", "-n", "chaos-mesh", "daemonset/chaos-daemon", "--timeout=20s");
    expect(await k("get", "nodes", "-o", "jsonpath={.items[0].status.nodeInfo}")).toMatch(
      /architecture.*kubeletVersion/,
    );
  });
});
