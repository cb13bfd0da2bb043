import { AftershockError } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import { findBrokers, type KafkaPods } from "./kafka/brokers.ts";
import { kafkaClients } from "./kafka/clients.ts";
import { classifyKafkaError } from "./kafka/outcome.ts";
import { describePartitions, kafkaDisagreements } from "./kafka/convergence.ts";
import { fetchFrom } from "./kafka/fetch.ts";
import { readReplicas } from "./kafka/final-reads.ts";
import { judgeKafkaGuard } from "./kafka/guards.ts";
import { proveBrokersConnected } from "./kafka/prove-connected.ts";
import { startKafkaProbes } from "./kafka/probes.ts";
import { probeSettings, readBrokerSettings } from "./kafka/settings.ts";
import { createTopic, deleteTopic, partitionCount, topicOf, warmUpPartitions } from "./kafka/topic.ts";
import { chooseTarget, kafkaTopology } from "./kafka/topology.ts";
import { warmUp } from "./kafka/warm-up.ts";
import { linksTo, type Links } from "./kafka/links.ts";
import { requireAdmission } from "./kafka/admission.ts";
import {
  newestPartitions,
  unknownQuorum,
  viewBroker,
  viewQuorum,
  type BrokerView,
  type PartitionView,
  type QuorumView,
} from "./kafka/views.ts";
import type { Setting } from "./history.ts";
import { silentOf } from "./silent.ts";
import type { SystemAdapter, SystemContext, SystemSession } from "./system.ts";

const lookTimeoutMs = 1500;
const createdDeadlineMs = 10_000;
const lookEveryMs = 250;

/** An Apache Kafka cluster in KRaft mode: brokers, the leader of a partition, its in-sync replicas. */
export const kafka: SystemAdapter = {
  name: "kafka",
  open: async (context) => {
    const pods = await findBrokers(context);
    const brokers = linksTo(pods, "aftershock", lookTimeoutMs);
    const controllers = linksTo(pods, "aftershock", lookTimeoutMs, "controller");
    try {
      await requireAdmission(context, pods, { brokers, controllers });
    } catch (error) {
      brokers.close();
      throw error;
    } finally {
      controllers.close();
    }
    return createSession(context, pods, brokers);
  },
};

function createSession(context: SystemContext, pods: KafkaPods, links: Links): SystemSession {
  const { runId, parameters } = context;
  const topic = topicOf(runId);
  const timeoutMs = parseDurationMs(String(parameters["timeout"] ?? "2s"));
  const infos = kafkaClients(Number(parameters["rate"] ?? 100), timeoutMs);
  const writers = infos.filter((info) => info.kind === "write").map((info) => info.id);
  const quorumLinks = linksTo(pods, "aftershock-quorum", lookTimeoutMs);
  const names = (): string[] => pods.pods.map((pod) => pod.name);

  const look = (topics: string[] | null): Promise<BrokerView[]> =>
    Promise.all(names().map((pod) => viewBroker(pods, pod, links(pod), topics, lookTimeoutMs)));
  const quorum = async (): Promise<QuorumView> => {
    const all = await Promise.all(names().map((pod) => viewQuorum(pods, quorumLinks(pod), lookTimeoutMs)));
    return all.find((view) => view.controller !== null) ?? all.find((view) => view.voters > 0) ?? unknownQuorum;
  };
  const target = async () => {
    const [views, quorumView] = await Promise.all([look([topic]), quorum()]);
    const first = newestPartitions(views).find((entry) => entry.partition === 0);
    const pod = chooseTarget(names(), quorumView, String(parameters["role"] ?? "broker"), first);
    // Unless a broker says that the topic is not there, it may be, with a leader of its own.
    const told = views.some((view) => view.reachable) ? pod : null;
    const silent = names().filter((name) => quorumView.voters === 0 || silentOf(views).includes(name));
    return { pod: told, exists: first !== undefined, quorum: quorumView, silent };
  };
  const settingsOf = async (view: BrokerView): Promise<Setting[]> =>
    view.nodeId === null
      ? []
      : Object.entries(await readBrokerSettings(links(view.pod), view.nodeId)).map(([name, value]) => ({
          type: "setting",
          member: view.pod,
          name,
          value,
        }));
  const brokerSettings = async (): Promise<Setting[]> => (await Promise.all((await look([])).map(settingsOf))).flat();
  /** What the run's topic will have; null when no broker told. */
  const minInsyncReplicas = (settings: readonly Setting[]): string | null => {
    const wanted = String(parameters["minInsyncReplicas"] ?? "cluster");
    if (wanted !== "cluster") return wanted;
    return settings.find((setting) => setting.name === "min.insync.replicas")?.value ?? null;
  };
  const anyLink = (views: readonly BrokerView[]) => {
    const found = views.find((view) => view.reachable);
    if (found !== undefined) return links(found.pod);
    throw unreachable(context, "No broker answers.");
  };
  /** Why partitions cannot be read. A broker is told that it leads a moment after its metadata says so. */
  const unserved = async (partitions: readonly PartitionView[]): Promise<string[]> => {
    const asked = partitions.map(({ partition, leader }) =>
      fetchFrom(links(leader ?? ""), { topic, partition, offset: 0 }, lookTimeoutMs).then(
        () => [],
        (error: unknown) => [`${leader} does not serve partition ${partition}: ${classifyKafkaError(error).error}`],
      ),
    );
    return (await Promise.all(asked)).flat();
  };
  const prepare = async (): Promise<BrokerView[]> => {
    const { pod } = await target();
    const views = await look([]);
    const numberOf = (name: string | null): number => {
      const view = views.find((entry) => entry.pod === name);
      if (view === undefined || view.nodeId === null)
        throw unreachable(context, `${name ?? "No broker"} does not answer.`);
      return view.nodeId;
    };
    const others = names().filter((name) => name !== pod);
    const wanted = String(parameters["minInsyncReplicas"] ?? "cluster");
    const brokers = { target: numberOf(pod), others: others.map(numberOf) };
    await createTopic(anyLink(views), topic, brokers, wanted === "cluster" ? null : wanted);
    const end = performance.now() + createdDeadlineMs;
    for (;;) {
      const made = await look([topic]);
      const problems = kafkaDisagreements(pods.pods, made);
      const whole = problems.length === 0 && newestPartitions(made).length === partitionCount;
      if (whole) problems.push(...(await unserved(newestPartitions(made))));
      if (whole && problems.length === 0) {
        await Promise.all(
          newestPartitions(made)
            .filter(({ partition }) => warmUpPartitions.some((one) => one === partition))
            .map(({ partition, leader }) => warmUp(links(leader ?? ""), topic, partition)),
        );
        return made;
      }
      if (performance.now() > end) throw unreachable(context, `The topic is not whole: ${problems.join("; ")}.`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  };
  return {
    describe: async () => ({ clients: infos, members: names() }),
    topology: async () => {
      const { pod, exists, ...told } = await target();
      return kafkaTopology(names(), { ...told, target: pod, topic: exists ? "is there" : "will be made" });
    },
    guard: async (id, bounds) => {
      const [views, quorumView, settings] = await Promise.all([look(null), quorum(), brokerSettings()]);
      const least = minInsyncReplicas(settings);
      const evidence = { pods: pods.pods, views, quorum: quorumView };
      return judgeKafkaGuard(id, { ...evidence, minInsyncReplicas: least === null ? null : Number(least) }, bounds);
    },
    settings: async () => {
      const settings = await brokerSettings();
      return [...settings, ...probeSettings(timeoutMs, minInsyncReplicas(settings) ?? "unknown")];
    },
    start: async (recorder) =>
      startKafkaProbes({ pods, topic, infos, recorder, partitions: newestPartitions(await prepare()) }),
    awaitConvergence: async (recorder, deadlineMs, signal) => {
      const end = recorder.now() + deadlineMs;
      for (;;) {
        await pods.refresh().catch(() => undefined);
        const views = await look([topic]);
        signal.throwIfAborted();
        const problems = kafkaDisagreements(pods.pods, views);
        if (problems.length === 0) {
          recorder.event({ atMs: recorder.now(), source: "run", event: "converged", detail: {} });
          return { converged: true, summary: `${views.length} brokers; ${describePartitions(views)}` };
        }
        if (recorder.now() >= end) return { converged: false, summary: problems.join("; ") };
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      }
    },
    proveConnected: (left, right) => proveBrokersConnected(context, pods, left, right),
    finalReads: async (recorder) => {
      await pods.refresh();
      const newest = newestPartitions(await look([topic]));
      return readReplicas(
        topic,
        writers,
        (partition) =>
          names().map((pod) => ({
            pod,
            link: links(pod),
            role: newest.find((entry) => entry.partition === partition)?.leader === pod ? "leader" : "follower",
          })),
        recorder,
      );
    },
    cleanUp: async () => deleteTopic(anyLink(await look([])), topic),
    close: async () => {
      links.close();
      quorumLinks.close();
    },
  };
}

function unreachable({ namespace }: SystemContext, problem: string): AftershockError {
  return new AftershockError(
    "system_unreachable",
    problem,
    `Look: kubectl get pods -n ${namespace}, and kafka-topics.sh --bootstrap-server … --describe.`,
  );
}
