import { textOf } from "../figure.ts";
import { AftershockError, messageOf } from "../../errors.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";

/** A command of RabbitMQ takes about half a second to start; one that asks a dead node gives up by itself after this. */
const commandSeconds = 8;
const execTimeoutMs = 12_000;

/** The pods of one RabbitMQ cluster. Addresses are looked up again by `refresh`; names stay. */
export interface RabbitNodes {
  readonly pods: readonly PodAddress[];
  hostOf(name: string): string;
  refresh(): Promise<void>;
  /** Runs `program` in a pod. Rejects with AftershockError `system_unreachable` when it does not end with 0. */
  run(pod: string, program: string, args: readonly string[]): Promise<string>;
  /** The same in the first pod of `pods` in which it works; ready ones are asked first. */
  runAnywhere(program: string, args: readonly string[]): Promise<string>;
}

/** Finds the pods by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findNodes(context: SystemContext): Promise<RabbitNodes> {
  const { namespace, parameters } = context;
  const label = String(parameters["appLabel"] ?? "rabbitmq");
  const selector = `app=${label}`;
  let pods = (await context.pods(selector)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
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
      result = await context.exec(pod, command, execTimeoutMs);
    } catch (error) {
      throw new AftershockError("system_unreachable", `${program} in ${pod}: ${messageOf(error)}`, hint);
    }
    if (result.exitCode === 0) return result.stdout;
    const said = `${result.stderr}\n${result.stdout}`.trim().split("\n").slice(0, 3).join(" ");
    throw new AftershockError("system_unreachable", `${program} ${args[0] ?? ""} failed in ${pod}: ${said}`, hint);
  };
  return {
    get pods() {
      return pods;
    },
    hostOf: (name) => pods.find((pod) => pod.name === name)?.host ?? name,
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
