import { AftershockError, messageOf } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import type { Setting } from "./history.ts";
import { dial } from "./rabbitmq/link.ts";
import { hasLogin, requireAdmission } from "./rabbitmq/admission.ts";
import { readQueuesBack } from "./rabbitmq/final-reads.ts";
import { judgeRabbitGuard, type RabbitEvidence } from "./rabbitmq/guards.ts";
import { findNodes, viewNodes, type NodeView, type RabbitNodes } from "./rabbitmq/nodes.ts";
import {
  dropAccount,
  makeAccount,
  prefixOf,
  queueProblem,
  rabbitClients,
  viewQueues,
  type Account,
  type QueueView,
} from "./rabbitmq/queues.ts";
import { proveNodesConnected } from "./rabbitmq/prove-connected.ts";
import { readNodeSettings } from "./rabbitmq/settings.ts";
import { startRabbitProbes } from "./rabbitmq/probes.ts";
import type { SystemAdapter, SystemContext, SystemSession, Topology } from "./system.ts";

/** Guards ask one after the other, and each look costs every node a command. */
const evidenceAgeMs = 5000;

/** A RabbitMQ cluster with quorum queues and classic queues. */
export const rabbitmq: SystemAdapter = {
  name: "rabbitmq",
  open: async (context) => {
    const nodes = await findNodes(context);
    await requireAdmission(context, nodes);
    return createSession(context, nodes);
  },
};

function createSession(context: SystemContext, nodes: RabbitNodes): SystemSession {
  const { runId, parameters, namespace } = context;
  const timeoutMs = parseDurationMs(String(parameters["timeout"] ?? "2s"));
  const vhost = String(parameters["vhost"] ?? "/");
  const heartbeatSeconds = Math.max(1, Math.round(parseDurationMs(String(parameters["heartbeat"] ?? "10s")) / 1000));
  const infos = rabbitClients(Number(parameters["rate"] ?? 50), timeoutMs);
  const writers = infos.filter((info) => info.kind === "write").map((info) => info.id);
  const prefix = prefixOf(runId);
  let account: Promise<Account> | undefined;
  /** Whether this session has declared the run's queues. */
  let declared = false;
  let version: string | null = null;
  let evidence: { atMs: number; found: Promise<RabbitEvidence> } | undefined;

  const link = async () => {
    account ??= hasLogin(nodes).then((has) => (has ? { vhost, own: null } : makeAccount(nodes, runId, vhost)));
    return { nodes, account: await account, heartbeatSeconds, timeoutMs };
  };
  const ownQueues = (): Promise<QueueView[]> => viewQueues(nodes, { prefix, vhost });
  const look = (): Promise<RabbitEvidence> => {
    const atMs = performance.now();
    if (evidence === undefined || atMs - evidence.atMs > evidenceAgeMs) {
      evidence = { atMs, found: gatherEvidence(nodes, vhost, chosenNode(nodes, parameters)) };
    }
    return evidence.found;
  };
  return {
    describe: async () => ({ clients: infos, members: nodes.pods.map((pod) => pod.name) }),
    topology: async () => {
      await nodes.refresh();
      return topologyOf(nodes, chosenNode(nodes, parameters), declared ? await ownQueues() : null);
    },
    guard: async (id, bounds) => judgeRabbitGuard(id, await look(), bounds),
    settings: async () => {
      const { views } = await look();
      version = views.find((view) => view.version !== null)?.version ?? null;
      return [...(await readNodeSettings(nodes, views)), ...probeSettings(heartbeatSeconds)];
    },
    start: async (recorder) => {
      const leader = chosenNode(nodes, parameters);
      if (leader === null) throw noNode(namespace);
      declared = true;
      const probes = await startRabbitProbes({ link: await link(), recorder, infos, runId, leader, version });
      const queues = await ownQueues();
      for (const queue of queues) {
        const setting = (name: string, value: string): Setting => ({
          type: "setting",
          member: queue.name.slice(prefix.length),
          name,
          value,
        });
        recorder.setting(setting("x-queue-type", queue.type));
        recorder.setting(setting("members", String(queue.members?.length ?? 1)));
        recorder.setting(setting("policy", queue.policy ?? "none"));
      }
      return probes;
    },
    awaitConvergence: async (recorder, deadlineMs, signal) => {
      const end = recorder.now() + deadlineMs;
      for (;;) {
        await nodes.refresh().catch(() => undefined);
        const problems = await disagreements(nodes, ownQueues, (pod, from) =>
          recorder.event({ atMs: recorder.now(), source: pod, event: "partition", detail: { from } }),
        );
        signal.throwIfAborted();
        if (problems.length === 0) {
          recorder.event({ atMs: recorder.now(), source: "run", event: "converged", detail: {} });
          const leaders = (await ownQueues()).map(
            (queue) => `${queue.name.slice(prefix.length)} on ${queue.leader ?? "?"}`,
          );
          return { converged: true, summary: `${nodes.pods.length} nodes, ${leaders.join(", ")}` };
        }
        if (recorder.now() >= end) return { converged: false, summary: problems.join("; ") };
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    },
    proveConnected: (left, right) => proveNodesConnected(context, nodes, left, right),
    finalReads: async (recorder) => {
      await nodes.refresh();
      return readQueuesBack(await link(), runId, writers, recorder);
    },
    cleanUp: async () => {
      await nodes.refresh();
      await deleteQueues(
        nodes,
        await link(),
        (await ownQueues()).map((queue) => queue.name),
      );
      await dropAccount(nodes, runId);
    },
    close: async () => undefined,
  };
}

/** The node that gets the queues' leaders and is the target: parameter `node`, or the first that is ready. */
export function chosenNode(
  nodes: Pick<RabbitNodes, "pods">,
  parameters: Readonly<Record<string, unknown>>,
): string | null {
  const wanted = String(parameters["node"] ?? "first");
  const found = nodes.pods.find((pod) => (wanted === "first" ? pod.ready : pod.name === wanted));
  return found?.name ?? null;
}

/**
 * `leader` is where the probes' queues are (`queues`; null: where they will be declared), or nobody when they are not
 * together, so that a fault on it cannot be planned, or is found to have moved.
 */
export function topologyOf(
  nodes: Pick<RabbitNodes, "pods">,
  chosen: string | null,
  queues: readonly QueueView[] | null,
): Topology {
  const names = nodes.pods.map((pod) => pod.name);
  const leaders = queues === null ? [chosen] : [...new Set(queues.map((queue) => queue.leader))];
  const [only = null] = leaders;
  const leader = leaders.length === 1 ? only : null;
  return {
    groups: {
      leader: leader === null ? [] : [leader],
      nodes: names,
      others: leader === null ? [] : names.filter((name) => name !== leader),
    },
    summary: `${names.length} nodes: ${names.join(" ")}; the probes' queues ${queues === null ? "go to" : "are led by"} ${leader ?? "no single node"}`,
  };
}

async function gatherEvidence(nodes: RabbitNodes, vhost: string, victim: string | null): Promise<RabbitEvidence> {
  const views = await viewNodes(nodes);
  const version = views.find((view) => view.reachable)?.version ?? null;
  const [queues, critical] = await Promise.all([
    viewQueues(nodes, { prefix: "", vhost }).catch(() => null),
    victim === null ? "" : askCritical(nodes, victim, version),
  ]);
  return { views, queues, victim, critical };
}

/** "" when RabbitMQ knows no queue that depends on the node; its words when it does, or could not be asked. */
async function askCritical(nodes: RabbitNodes, victim: string, version: string | null): Promise<string> {
  // Mirrored classic queues ended with RabbitMQ 4, and the question with them.
  const questions = ["check_if_node_is_quorum_critical"];
  if (Number.parseInt(version ?? "4", 10) < 4) questions.push("check_if_node_is_mirror_sync_critical");
  for (const question of questions) {
    try {
      await nodes.run(victim, "rabbitmq-queues", [question]);
    } catch (error) {
      return messageOf(error);
    }
  }
  return "";
}

/** What still differs; empty when all nodes run without a partition and all queues are whole. */
async function disagreements(
  nodes: RabbitNodes,
  queues: () => Promise<QueueView[]>,
  onPartition: (pod: string, from: string) => void,
): Promise<string[]> {
  const away = nodes.pods.filter((pod) => !pod.ready).map((pod) => `${pod.name} is not ready`);
  if (away.length > 0) return away;
  const views: NodeView[] = await viewNodes(nodes);
  for (const { pod, partitions } of views)
    if (partitions.length > 0) onPartition(pod, [...new Set(partitions)].join(" "));
  const evidence = { views, queues: null, victim: null, critical: "" };
  const problems = ["all-nodes-running", "no-partition"].flatMap((id) => {
    const result = judgeRabbitGuard(id, evidence, {});
    return result.ok ? [] : [result.measured];
  });
  if (problems.length > 0) return problems;
  try {
    return (await queues()).flatMap((queue) => {
      const problem = queueProblem(queue);
      return problem === null ? [] : [`${queue.name} ${problem}`];
    });
  } catch (error) {
    return [messageOf(error)];
  }
}

/** What the probes themselves do, since it explains their findings as the servers' settings do. */
function probeSettings(heartbeatSeconds: number): Setting[] {
  const setting = (name: string, value: string): Setting => ({ type: "setting", member: "probes", name, value });
  return [
    setting("confirms, mandatory and persistent", "yes"),
    setting("consumer acknowledgement", "manual"),
    setting("AMQP heartbeat", `${heartbeatSeconds} s`),
  ];
}

async function deleteQueues(
  nodes: RabbitNodes,
  link: { nodes: RabbitNodes; account: Account; heartbeatSeconds: number; timeoutMs: number },
  queues: readonly string[],
): Promise<void> {
  const pod = nodes.pods.find((candidate) => candidate.ready) ?? nodes.pods[0];
  const model = await dial(pod?.name ?? "", link);
  try {
    const channel = await model.createChannel();
    channel.on("error", () => undefined);
    for (const queue of queues) await channel.deleteQueue(queue);
  } finally {
    await model.close().catch(() => undefined);
  }
}

function noNode(namespace: string): AftershockError {
  return new AftershockError(
    "no_targets",
    `No RabbitMQ node in namespace ${namespace} is ready, or the one named by node= is not there.`,
    `Look: kubectl get pods -n ${namespace}`,
  );
}
