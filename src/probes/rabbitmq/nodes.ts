import { textOf } from "../figure.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import type { Dial } from "../access.ts";
import { findPodsOf, selectorOf } from "../find-pods.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";

/** The part of the system, in `access` and `selectors` of a target. */
export const amqpPart = "amqp";
const amqpPort = 5672;

/** A command of RabbitMQ takes about half a second to start; one that asks a dead node gives up by itself after this. */
const commandSeconds = 8;
const execTimeoutMs = 12_000;

/** The pods of one RabbitMQ cluster. Addresses are looked up again by `refresh`; names stay. */
export interface RabbitNodes {
  readonly pods: readonly PodAddress[];
  /** How AMQP in that pod is dialled now, and as whom if the target says so. */
  dial(pod: string): Promise<Dial>;
  /**
   * The node of that pod, by the name that it has given itself: `rabbit@rabbitmq-0`, or with long names
   * `rabbit@orders-server-0.orders-nodes.messaging`, as the RabbitMQ Cluster Operator has them
   * (rabbitmq/cluster-operator v2.22.3, internal/resource/statefulset.go). Rejects with AftershockError
   * `system_unreachable` when it does not say.
   */
  nodeOf(pod: string): Promise<string>;
  refresh(): Promise<void>;
  /** Runs `program` in a pod. Rejects with AftershockError `system_unreachable` when it does not end with 0. */
  run(pod: string, program: string, args: readonly string[]): Promise<string>;
  /** The same in the first pod of `pods` in which it works; ready ones are asked first. */
  runAnywhere(program: string, args: readonly string[]): Promise<string>;
}

/** Finds the pods of part `amqp`, or by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findNodes(context: SystemContext): Promise<RabbitNodes> {
  const { namespace, parameters } = context;
  const label = String(parameters["appLabel"] ?? "rabbitmq");
  const selector = selectorOf(context, amqpPart, label);
  let pods = await findPodsOf(context, amqpPart, label);
  if (pods.length === 0) {
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label ${selector} in namespace ${namespace}.`,
      `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in namespace= and appLabel=.`,
    );
  }
  const run = async (pod: string, program: string, args: readonly string[]): Promise<string> => {
    const command = [program, "--quiet", "--timeout", String(commandSeconds), ...args];
    // Without its arguments, among which there may be a password.
    const hint = `Try: kubectl exec ${pod} -n ${namespace} -- ${program} ${args[0] ?? ""}`;
    let result;
    try {
      result = await context.exec(pod, command, execTimeoutMs, containerOf(pods, pod));
    } catch (error) {
      throw new AftershockError("system_unreachable", `${program} in ${pod}: ${messageOf(error)}`, hint);
    }
    if (result.exitCode === 0) return result.stdout;
    const said = `${result.stderr}\n${result.stdout}`.trim().split("\n").slice(0, 3).join(" ");
    throw new AftershockError("system_unreachable", `${program} ${args[0] ?? ""} failed in ${pod}: ${said}`, hint);
  };
  const told = new Map<string, string>();
  return {
    get pods() {
      return pods;
    },
    nodeOf: async (name) => {
      // A pod with another address may have another name.
      const key = `${name} ${pods.find((pod) => pod.name === name)?.host ?? ""}`;
      // The node's own word needs no other node, so it is told in a cluster that is cut in two as well.
      const node = told.get(key) ?? atomIn(await run(name, "rabbitmqctl", ["eval", "node()."]));
      told.set(key, node);
      return node;
    },
    dial: async (name) => {
      const pod = pods.find((candidate) => candidate.name === name);
      if (pod === undefined) throw new Error(`${name} is no pod of this RabbitMQ`);
      return context.access.dial(amqpPart, pod, amqpPort);
    },
    refresh: async () => {
      const renew = await podRenewal(context, selector);
      const now = new Set((await context.pods(selector)).filter((pod) => pod.ready).map((pod) => pod.name));
      pods = pods.map((pod) => ({ ...renew(pod), ready: now.has(pod.name) }));
    },
    run,
    runAnywhere: async (program, args) => {
      const inOrder = pods.toSorted((a, b) => Number(b.ready) - Number(a.ready));
      let last: unknown;
      for (const { name } of inOrder) {
        try {
          return await run(name, program, args);
        } catch (error) {
          last = error;
        }
      }
      throw last;
    },
  };
}

/** An Erlang atom as it is printed, in quotes where it needs them. */
const atomIn = (text: string): string => text.trim().replace(/^'(.*)'$/, "$1");

/**
 * Where to run RabbitMQ's commands: the container `rabbitmq`, as the RabbitMQ Cluster Operator calls it, which need not be
 * the first of its pod; without one of that name, the first.
 */
export function containerOf(pods: readonly PodAddress[], pod: string): { container?: string } {
  const names = pods.find(({ name }) => name === pod)?.containerIds ?? {};
  return Object.hasOwn(names, "rabbitmq") ? { container: "rabbitmq" } : {};
}

/** What one node says of the cluster. */
export interface NodeView {
  pod: string;
  reachable: boolean;
  /** Names of the nodes that it sees running, as pods. */
  running: string[];
  /** Nodes that it holds to be cut off from it. */
  partitions: string[];
  alarms: string[];
  version: string | null;
}

/** Asks every node for its own picture of the cluster. */
export async function viewNodes(nodes: RabbitNodes): Promise<NodeView[]> {
  return Promise.all(
    nodes.pods.map(async ({ name }): Promise<NodeView> => {
      try {
        const text = await nodes.run(name, "rabbitmqctl", ["cluster_status", "--formatter", "json"]);
        return readClusterStatus(name, text, nodes.pods);
      } catch {
        return { pod: name, reachable: false, running: [], partitions: [], alarms: [], version: null };
      }
    }),
  );
}

/** Reads `rabbitmqctl cluster_status --formatter json`. Throws SyntaxError when it is none. */
export function readClusterStatus(pod: string, text: string, pods: readonly Pick<PodAddress, "name">[]): NodeView {
  const status = record(JSON.parse(text));
  const versions = Object.entries(record(status["versions"]));
  const own = versions.find(([node]) => podOfNode(node, pods) === pod)?.[1];
  const version = record(own)["rabbitmq_version"];
  return {
    pod,
    reachable: true,
    running: list(status["running_nodes"]).map((node) => podOfNode(textOf(node) ?? "unknown", pods)),
    partitions: Object.entries(record(status["partitions"])).flatMap(([, others]) =>
      list(others).map((node) => podOfNode(textOf(node) ?? "unknown", pods)),
    ),
    alarms: list(status["alarms"]).map((alarm) => (typeof alarm === "string" ? alarm : JSON.stringify(alarm))),
    version: typeof version === "string" ? version : null,
  };
}

/** `rabbit@rabbitmq-0` and `rabbit@rabbitmq-0.rabbitmq.messaging` are of pod `rabbitmq-0`; an unknown node is itself. */
export function podOfNode(node: string, pods: readonly Pick<PodAddress, "name">[]): string {
  const host = node.slice(node.indexOf("@") + 1);
  return pods.find(({ name }) => host === name || host.startsWith(`${name}.`))?.name ?? node;
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
