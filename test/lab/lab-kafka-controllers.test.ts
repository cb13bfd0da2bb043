import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { plainAccess, type SystemAccess } from "../../src/probes/access.ts";
import { kafka } from "../../src/probes/kafka.ts";
import type { SystemContext } from "../../src/probes/system.ts";
import { systemContext } from "../../src/run/systems.ts";
import { kafkaHere, whySkipped } from "../support/kafka.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import { partition } from "../support/partition.ts";
import { waitFor } from "../support/stack.ts";
import { missingIn, writeAndReadBack } from "../support/target-rig.ts";

const here = kafkaHere();
const brokers = ["kafka-0", "kafka-1", "kafka-2"];
const controllers = ["kafka-controller-0", "kafka-controller-1", "kafka-controller-2"];

/** As a target of the configuration selects them. */
const selectors: Record<string, string> = { kafka: "app=kafka", controller: "app=kafka-controller" };
const selected: SystemAccess = { ...plainAccess, selector: (part) => selectors[part] ?? null };
/** As Strimzi's controllers are: nobody but the nodes themselves can speak to them. */
const shut: SystemAccess = {
  ...selected,
  dial: async (part, pod, port) =>
    part === "controller" ? { host: "127.0.0.1", port: 1 } : selected.dial(part, pod, port),
};

describe.skipIf(process.getuid?.() !== 0 || "missing" in here)(
  `real Kafka with controllers of their own${whySkipped(here)}`,
  () => {
    let lab: LaunchedLab;
    let cluster: Cluster;
    const contextWith = (access: SystemAccess, parameters: Record<string, string | number> = {}): SystemContext =>
      systemContext({
        cluster,
        access,
        namespace: "messaging",
        parameters: { rate: 10, timeout: "5s", ...parameters },
        runId: "run-1",
        signal: new AbortController().signal,
        log: () => undefined,
      });
    /** The active controller's pod, by Kafka's own tool. */
    const activeByKafka = async (): Promise<string> => {
      const tool = ["kafka-metadata-quorum.sh", "--bootstrap-server", "localhost:9092", "describe", "--status"];
      const told = await kubectl(lab.kubeconfigPath, ["exec", "kafka-0", "-n", "messaging", "--", ...tool]);
      const id = Number(/LeaderId:\s+(\d+)/.exec(told.stdout)?.[1] ?? Number.NaN);
      return `kafka-controller-${id - 100}`;
    };
    beforeAll(async () => {
      lab = await launchLab({ kafkaRoles: "separate" });
      cluster = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath });
      await waitFor(
        () => cluster.pods("messaging", undefined, "app in (kafka,kafka-controller)"),
        (pods) => pods.length === 6 && pods.every(({ ready }) => ready),
        180_000,
      );
    }, 240_000);
    afterAll(async () => {
      await cluster?.close();
      await lab?.stop();
    });

    it.each([
      ["that may be asked", () => selected],
      ["that let nobody in", () => shut],
    ])(
      "names brokers, controllers and the active one, and holds every guard: controllers %s",
      async (_which, access) => {
        const session = await kafka.open(contextWith(access()));
        const active = await waitFor(activeByKafka, (pod) => controllers.includes(pod), 30_000);
        const { groups, summary, silent } = await session.topology();
        expect(groups).toEqual({
          leader: ["kafka-0"],
          followers: ["kafka-1", "kafka-2"],
          brokers,
          controllers,
          controller: [active],
        });
        expect([silent, summary]).toEqual([[], expect.stringContaining(`3 brokers, controller ${active} (no broker)`)]);
        expect((await session.describe()).members).toEqual(brokers);
        for (const id of ["brokers-up", "no-under-replicated", "controller-quorum", "min-insync-satisfiable"])
          expect(await session.guard(id, {}), id).toMatchObject({ ok: true });
        await session.close();
      },
    );

    it("is not planned to kill a controller as if it were a broker", async () => {
      const session = await kafka.open(contextWith(selected, { role: "controller" }));
      await expect(session.topology()).rejects.toThrow(/is a controller and no broker/);
      await session.close();
    });

    it("does not take a broker for a controller that the target does not select, and says that it is unknown", async () => {
      const session = await kafka.open(contextWith(plainAccess));
      expect((await session.topology()).groups).toMatchObject({ brokers, controllers: [], controller: [] });
      expect(await session.guard("controller-quorum", {})).toMatchObject({
        ok: false,
        measured: expect.stringMatching(/^controller unknown, 3 voters/),
        hint: expect.stringContaining("selectors"),
      });
      await session.close();
    });

    it("proves paths between brokers and controllers, and none where there is a cut", async () => {
      const session = await kafka.open(contextWith(selected));
      const look = () => session.proveConnected(["kafka-0"], ["kafka-1", "kafka-controller-0"]);
      expect(await look()).toMatchObject({ ok: true });
      const cut = partition("messaging", "kafka-0", "kafka-controller-0");
      await kubectlOk(lab.kubeconfigPath, ["apply", "-f", "-"], JSON.stringify(cut));
      const during = await waitFor(look, ({ ok }) => !ok, 20_000);
      expect(during.pairs.filter(({ ok }) => !ok).map(({ from, to }) => `${from} ${to}`)).toEqual([
        "kafka-0 kafka-controller-0",
        "kafka-controller-0 kafka-0",
      ]);
      await kubectlOk(lab.kubeconfigPath, ["delete", "networkchaos", "cut", "-n", "messaging"]);
      expect(await look()).toMatchObject({ ok: true });
      await session.close();
    });

    it("is written, and read back from every broker", async () => {
      const found = await writeAndReadBack(kafka, contextWith(shut));
      expect(missingIn(found)).toEqual([]);
      expect([...new Set(found.finalReads.map(({ member }) => member))].toSorted()).toEqual(brokers);
    });
  },
);
