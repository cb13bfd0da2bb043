import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../src/embedded/stack.ts";
import { parseHistory } from "../../src/findings/history-lines.ts";
import { recount } from "../findings/naive-recount.ts";
import { kafkaHere, whySkipped } from "../support/kafka.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import {
  approve,
  artifact,
  askForRun,
  eventsOf,
  reportOf,
  startTestStack,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

const kafka = kafkaHere();
const bootstrap = ["--bootstrap-server", "localhost:9092"];
const brokers = ["kafka-0", "kafka-1", "kafka-2"];

/** The training module's file, letter for letter. */
const moduleYaml = `
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata:
  name: kafka-broker-failure
  namespace: messaging
spec:
  action: pod-kill
  mode: one
  selector:
    namespaces:
      - messaging
    labelSelectors:
      app: kafka
  gracePeriod: 0
  duration: "180s"
`;

describe.skipIf(process.getuid?.() !== 0 || "missing" in kafka)(
  `kafka-broker-kill on real Kafka, through Slack's protocol${whySkipped(kafka)}`,
  () => {
    let stack: Stack;
    beforeAll(async () => {
      stack = await startTestStack();
    });
    afterAll(() => stack?.stop());

    const run = (pod: string, ...command: string[]): Promise<string> =>
      kubectlOk(stack.lab.kubeconfigPath, ["exec", pod, "-n", "messaging", "--", ...command]);
    const k = (...args: string[]): Promise<string> => kubectlOk(stack.lab.kubeconfigPath, args);
    /** `{ leader: "1", isr: ["0", "1"] }` per partition, by Kafka's own tool at one broker; none of a topic that is gone. */
    const describeTopic = async (pod: string, topic: string) => {
      const command = ["kafka-topics.sh", ...bootstrap, "--describe", "--topic", topic];
      const told = await kubectl(stack.lab.kubeconfigPath, ["exec", pod, "-n", "messaging", "--", ...command]);
      const lines = told.stdout.matchAll(/Partition: (\d+)\s+Leader: (\d+)\s+Replicas: \S+\s+Isr: (\S+)/g);
      return [...lines].map(([, , leader = "", isr = ""]) => ({ leader, isr: isr.split(",").toSorted() }));
    };
    /** What one broker's own log holds, by Kafka's own tool; a deleted topic's log stays for a minute. */
    const dump = async (pod: string, topic: string, partition: number): Promise<number[]> => {
      const files = `/data/kafka/${topic}-${partition}.*-delete/*.log`;
      const script = `for f in ${files}; do kafka-dump-log.sh --print-data-log --files "$f"; done`;
      return [...(await run(pod, "sh", "-c", script)).matchAll(/payload: (\d+) /g)].map(([, seq]) => Number(seq));
    };

    it("finds another leader, both ways of acks=all, and every acknowledged record on every broker", async () => {
      const { runId, card } = await askForRun(
        stack,
        "run kafka-broker-kill duration=18s baseline=4s recovery=60s maxOutage=30s rate=50",
      );
      await approve(stack, card);
      await untilState(stack, runId, ["active"]);
      const topic = `aftershock-${runId}`;
      const intended = (await eventsOf(stack, runId)).find((event) => event.type === "fault-intended");
      const killed = intended?.type === "fault-intended" ? (intended.pods[0] ?? "") : "";
      const survivor = brokers.find((pod) => pod !== killed) ?? "";
      const number = killed.split("-").at(-1) ?? "";
      const without = await waitFor(
        () => describeTopic(survivor, topic),
        ([partition]) => partition !== undefined && partition.leader !== number,
        60_000,
      );
      expect(await untilState(stack, runId, ["completed"], 150_000)).toBe("completed");
      const held = await Promise.all(brokers.map((pod) => dump(pod, topic, 0)));
      const report = await reportOf(stack, runId);
      expect(report.verdicts, report.because).toEqual({ hypothesis: "held", run: "completed", cleanup: "verified" });
      const lines = (await artifact(stack, runId, "history.jsonl")).toString("utf8");
      expect(report.writes.byClient).toEqual(recount(lines));

      // The leader that Kafka's tool named is the one of the report.
      const elected = report.measures.find(({ id }) => id === "elected");
      expect(elected?.note).toBe(`kafka-${without[0]?.leader}`);
      const sessionMs = 9000;
      expect(elected?.value).toBeGreaterThan(sessionMs - 2500);
      // Each broker's own log, dumped by Kafka's tool, against the history.
      const history = parseHistory(lines.split("\n"));
      const producer = history.operations.filter((op) => op.client === "producer" && op.outcome === "ok");
      expect(producer.length).toBeGreaterThan(300);
      for (const values of held) {
        expect(values).toEqual(held[0]);
        expect(producer.every((op) => values[op.offset ?? -1] === op.seq)).toBe(true);
      }
      const read = history.finalReads.find((entry) => entry.client === "producer" && entry.authoritative);
      expect(read?.ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBe(held[0]?.length);

      const found = new Map(report.measures.map(({ id, value }) => [id, value]));
      expect(found.get("other-waited")).toBeGreaterThan(1000);
      expect(found.get("isr-back")).toBeGreaterThan(found.get("isr-shrunk") ?? 0);
      expect(report.findings.map(({ id }) => id)).toEqual(
        expect.arrayContaining([
          "kafka.acks-all-without-leader",
          "kafka.acks-all-waits-for-isr",
          "kafka.consumer-gap",
          "kafka.election-time",
          "kafka.isr-return",
          "kafka.min-insync-replicas",
        ]),
      );
      expect(await threadText(stack, card)).toMatch(/partition-leader[^]*of partition 0: kafka-\d, epoch 1/);
      // Nothing of the run is left, and the brokers are whole.
      const topics = await run(survivor, "kafka-topics.sh", ...bootstrap, "--list");
      expect(topics).not.toContain("aftershock");
    });

    it("touches nothing when one broker less would stop all writes by design", async () => {
      const { runId, card } = await askForRun(stack, "run kafka-broker-kill minInsyncReplicas=3 baseline=3s");
      await approve(stack, card);
      await untilState(stack, runId, ["failed"]);
      const guard = (await eventsOf(stack, runId)).find(
        (event) => event.type === "guard" && event.id === "min-insync-satisfiable",
      );
      expect(guard).toMatchObject({ ok: false, measured: "min.insync.replicas 3, 3 replicas" });
      expect((await eventsOf(stack, runId)).some((event) => event.type === "fault-intended")).toBe(false);
    });

    it("runs the module's kafka-broker-kill.yaml verbatim: the topic survives and the broker returns", async () => {
      const topic = ["--topic", "orders"];
      await run("kafka-0", "kafka-topics.sh", ...bootstrap, "--create", ...topic, "--replication-factor", "3");
      const produce = `printf 'one\\ntwo\\nthree\\n' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders --producer-property acks=all`;
      await run("kafka-0", "sh", "-c", produce);
      const identities = () =>
        k("get", "pods", "-n", "messaging", "-l", "app=kafka", "-o", "jsonpath={range .items[*]}{.metadata.uid} {end}");
      const before = await identities();
      await kubectlOk(stack.lab.kubeconfigPath, ["apply", "-f", "-"], moduleYaml);
      const victim = await waitFor(
        () =>
          k(
            "get",
            "podchaos",
            "kafka-broker-failure",
            "-n",
            "messaging",
            "-o",
            "jsonpath={.status.experiment.containerRecords[0].id}",
          ),
        (id) => id !== "",
        20_000,
      );
      const killed = victim.split("/").at(-1) ?? "";
      expect(brokers).toContain(killed);
      const survivor = brokers.find((pod) => pod !== killed) ?? "";
      // Long after it was missed: a killed pod stays away for longer than broker.session.timeout.ms.
      await waitFor(
        async () => [await identities(), await k("get", "pod", killed, "-n", "messaging", "--no-headers")],
        ([now, pod = ""]) => now !== before && / 1\/1 +Running/.test(pod),
        90_000,
      );
      await waitFor(
        () => describeTopic(survivor, "orders"),
        ([partition]) => partition !== undefined && partition.isr.length === 3 && partition.leader !== "none",
        90_000,
      );
      const all = ["--from-beginning", "--max-messages", "3", "--timeout-ms", "20000"];
      const read = await run(survivor, "kafka-console-consumer.sh", ...bootstrap, ...topic, ...all);
      expect(read.trim().split("\n")).toEqual(["one", "two", "three"]);
      await k("delete", "podchaos", "kafka-broker-failure", "-n", "messaging");
      const left = await kubectl(stack.lab.kubeconfigPath, ["get", "podchaos", "-A", "-o", "name"]);
      expect(left.stdout).toBe("");
    });
  },
);
