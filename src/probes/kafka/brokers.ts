import type { Dial } from "../access.ts";
import { AftershockError } from "../../errors.ts";
import { findPodsOf, selectorOf } from "../find-pods.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";

/** Parts of the system, in `access` and `selectors` of a target. */
export type KafkaPart = "kafka" | "controller";

/** The pods of one Kafka cluster. Addresses are looked up again by `refresh`; names stay. */
export interface KafkaPods {
  /** Those of the brokers. */
  readonly pods: readonly PodAddress[];
  /** Those of the controllers: the brokers' own, unless the target selects others. */
  readonly controllers: readonly PodAddress[];
  /** Whether the target selects controllers. Without that a controller may be a pod that is not known here. */
  readonly controllersSelected: boolean;
  /** How a part of a pod is dialled now. A pod may be no controller: then nothing listens there. */
  dial(part: KafkaPart, pod: string): Promise<Dial>;
  /** Where the other nodes find it: a broker by its clients' listener, any other by that of the controllers. */
  inCluster(pod: string): { host: string; port: number };
  refresh(): Promise<void>;
}

/** Finds the brokers' pods of part `kafka`, or by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findBrokers(context: SystemContext): Promise<KafkaPods> {
  const { namespace, parameters, access } = context;
  const label = String(parameters["appLabel"] ?? "kafka");
  const ports = {
    kafka: Number(parameters["port"] ?? 9092),
    controller: Number(parameters["controllerPort"] ?? 9093),
  } as const;
  const selector = selectorOf(context, "kafka", label);
  const ofControllers = access.selector("controller");
  let pods = await findPodsOf(context, "kafka", label);
  if (pods.length === 0) throw noPods(selector, namespace);
  let controllers = ofControllers === null ? null : await findPodsOf(context, "controller", label);
  if (controllers?.length === 0) throw noPods(String(ofControllers), namespace);
  const podIn = (some: readonly PodAddress[], name: string): PodAddress => {
    const pod = some.find((candidate) => candidate.name === name);
    if (pod !== undefined) return pod;
    throw new Error(`${name} is no pod of this Kafka`);
  };
  return {
    get pods() {
      return pods;
    },
    get controllers() {
      return controllers ?? pods;
    },
    controllersSelected: controllers !== null,
    dial: async (part, name) => {
      const some = part === "controller" ? (controllers ?? pods) : pods;
      return access.dial(part, podIn(some, name), ports[part]);
    },
    inCluster: (name) => {
      const part = pods.some((pod) => pod.name === name) ? "kafka" : "controller";
      const { host } = podIn([...pods, ...(controllers ?? [])], name);
      return { host, port: access.listening(part, ports[part]).port };
    },
    refresh: async () => {
      const renew = await podRenewal(context, selector);
      pods = pods.map(renew);
      if (controllers === null || ofControllers === null) return;
      controllers = controllers.map(await podRenewal(context, ofControllers));
    },
  };
}

function noPods(selector: string, namespace: string): AftershockError {
  return new AftershockError(
    "system_unreachable",
    `There are no pods with the label ${selector} in namespace ${namespace}.`,
    `Look: kubectl get pods,events -n ${namespace} (the lab says there why it has no Kafka). Other names go in namespace= and appLabel=.`,
  );
}

/**
 * Which pod a broker is, by the address that it advertises: the pod's IP, or a name that begins with the pod's. One that
 * advertises neither, or does not say (an empty host), is known by the number at the end of its pod's name, as StatefulSets give it.
 */
export function podOfBroker(pods: readonly PodAddress[], broker: { nodeId: number; host: string }): string | null {
  return byAddress(pods, broker.host) ?? byNumber(pods, broker.nodeId);
}

/**
 * Which pod a controller is, in the same way. `separate`: there are brokers that are no controllers. Then a number at the
 * end of a broker's name says nothing of the controllers, unless the target selects them.
 */
export function podOfController(
  { controllers, controllersSelected }: Pick<KafkaPods, "controllers" | "controllersSelected">,
  controller: { nodeId: number; host: string; separate: boolean },
): string | null {
  const { nodeId, host, separate } = controller;
  return byAddress(controllers, host) ?? (separate && !controllersSelected ? null : byNumber(controllers, nodeId));
}

function byAddress(pods: readonly PodAddress[], host: string): string | null {
  if (host === "") return null;
  return pods.find((pod) => [pod.host, pod.name].includes(host) || host.startsWith(`${pod.name}.`))?.name ?? null;
}

const byNumber = (pods: readonly PodAddress[], nodeId: number): string | null =>
  pods.find((pod) => pod.name.endsWith(`-${nodeId}`))?.name ?? null;
