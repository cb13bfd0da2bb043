import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { plainAccess } from "../../src/probes/access.ts";
import { rabbitmq } from "../../src/probes/rabbitmq.ts";
import { findNodes } from "../../src/probes/rabbitmq/nodes.ts";
import type { SystemContext } from "../../src/probes/system.ts";
import { systemContext } from "../../src/run/systems.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { partition } from "../support/partition.ts";
import { waitFor } from "../support/stack.ts";
import { missingIn, writeAndReadBack } from "../support/target-rig.ts";

const pods = ["rabbitmq-0", "rabbitmq-1", "rabbitmq-2"];
/** What follows the pod's name in a node's; the long one is as the RabbitMQ Cluster Operator has it. */
const namings = [
  ["short", ""],
  ["long", ".rabbitmq.messaging"],
] as const;

const onRabbit = describe.skipIf(process.getuid?.() !== 0).each(namings);
onRabbit("real RabbitMQ with %s names", (names, suffix) => {
  let lab: LaunchedLab;
  let cluster: Cluster;
  let context: SystemContext;
  beforeAll(async () => {
    lab = await launchLab({ rabbitmqNames: names });
    cluster = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath });
    context = systemContext({
      cluster,
      access: plainAccess,
      namespace: "messaging",
      parameters: { rate: 10, timeout: "5s" },
      runId: "run-1",
      signal: new AbortController().signal,
      log: () => undefined,
    });
    await waitFor(
      () => cluster.pods("messaging", undefined, "app=rabbitmq"),
      (found) => found.length === pods.length && found.every(({ ready }) => ready),
      60_000,
    );
  });
  afterAll(async () => {
    await cluster?.close();
    await lab?.stop();
  });

  it("tells each node's own name", async () => {
    const nodes = await findNodes(context);
    expect(await Promise.all(pods.map((pod) => nodes.nodeOf(pod)))).toEqual(
      pods.map((pod) => `rabbit@${pod}${suffix}`),
    );
    await expect(nodes.nodeOf("rabbitmq-9")).rejects.toThrow(/rabbitmqctl in rabbitmq-9/);
  });

  it("names everything by its pod, holds every guard, and is written and read back", async () => {
    const session = await rabbitmq.open(context);
    expect((await session.topology()).groups).toEqual({
      leader: ["rabbitmq-0"],
      nodes: pods,
      others: ["rabbitmq-1", "rabbitmq-2"],
    });
    for (const id of ["all-nodes-running", "no-partition", "no-alarms", "enough-nodes", "queues-whole", "not-critical"])
      expect(await session.guard(id, {}), id).toMatchObject({ ok: true });
    await session.close();
    const found = await writeAndReadBack(rabbitmq, context);
    expect(missingIn(found)).toEqual([]);
    // The leader of every queue is known by its pod.
    expect(found.finalReads.filter(({ authoritative }) => authoritative).map(({ member }) => member)).toEqual(
      Array(3).fill("rabbitmq-0"),
    );
  });

  it("has the nodes ask each other: they answer, not while they are cut off, and again afterwards", async () => {
    const session = await rabbitmq.open(context);
    const look = () => session.proveConnected(["rabbitmq-0"], ["rabbitmq-1", "rabbitmq-2"]);
    expect(await look()).toMatchObject({ ok: true });
    const cut = partition("messaging", "rabbitmq-0", "rabbitmq-1");
    const k = (...args: string[]) => kubectlOk(lab.kubeconfigPath, args);
    await kubectlOk(lab.kubeconfigPath, ["apply", "-f", "-"], JSON.stringify(cut));
    await waitFor(
      () =>
        k(
          "get",
          "networkchaos",
          "cut",
          "-n",
          "messaging",
          "-o",
          "jsonpath={.status.experiment.containerRecords[*].phase}",
        ),
      (phases) => phases === "Injected Injected",
      10_000,
    );
    const during = await look();
    expect(
      during.pairs.map(({ from, to, ok, unasked }) => `${from} ${to} ${ok} ${unasked ?? false}`).toSorted(),
    ).toEqual([
      "rabbitmq-0 rabbitmq-1 false false",
      "rabbitmq-0 rabbitmq-2 true false",
      "rabbitmq-1 rabbitmq-0 false false",
      "rabbitmq-2 rabbitmq-0 true false",
    ]);
    await k("delete", "networkchaos", "cut", "-n", "messaging");
    expect(await look()).toMatchObject({ ok: true });
    await session.close();
  });
});
