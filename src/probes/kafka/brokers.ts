import { AftershockError } from "../../errors.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";
import type { BrokerAddress } from "./broker-link.ts";

/** The pods of one Kafka cluster. Addresses are looked up again by `refresh`; names stay. */
export interface KafkaPods {
  readonly pods: readonly PodAddress[];
  addressOf(name: string): BrokerAddress;
  /** Where it listens as a controller, if it is one. */
  controllerAddressOf(name: string): BrokerAddress;
  refresh(): Promise<void>;
}

/** Finds the brokers' pods by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findBrokers(context: SystemContext): Promise<KafkaPods> {
  const { namespace, parameters } = context;
  const label = String(parameters["appLabel"] ?? "kafka");
  const port = Number(parameters["port"] ?? 9092);
  const controllerPort = Number(parameters["controllerPort"] ?? 9093);
  let pods = (await context.pods(`app=${label}`)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (pods.length === 0) {
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label app=${label} in namespace ${namespace}.`,
      `Look: kubectl get pods,events -n ${namespace} (the lab says there why it has no Kafka). Other names go in namespace= and appLabel=.`,
    );
  }
  const hostOf = (name: string): string => pods.find((pod) => pod.name === name)?.host ?? name;
  return {
    get pods() {
      return pods;
    },
    addressOf: (name) => ({ host: hostOf(name), port }),
    controllerAddressOf: (name) => ({ host: hostOf(name), port: controllerPort }),
    refresh: async () => {
      const renew = await podRenewal(context);
      pods = pods.map(renew);
    },
  };
}

/**
 * Which pod a broker is, by the address that it advertises: the pod's IP, or a name that begins with the pod's. One that
 * advertises neither, or does not say (an empty host), is known by the number at the end of its pod's name, as StatefulSets give it.
 */
export function podOfBroker(pods: readonly PodAddress[], broker: { nodeId: number; host: string }): string | null {
  const { host } = broker;
  const byAddress =
    host === ""
      ? undefined
      : pods.find((pod) => host === pod.host || host === pod.name || host.startsWith(`${pod.name}.`));
  return (byAddress ?? pods.find((pod) => pod.name.endsWith(`-${broker.nodeId}`)))?.name ?? null;
}
