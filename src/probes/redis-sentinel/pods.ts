import { AftershockError } from "../../errors.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";

/** The pods of one Redis with Sentinel, and how to reach them. */
export interface RedisPods {
  /** As last looked up; a pod that is away keeps its last address. */
  readonly data: readonly PodAddress[];
  readonly sentinels: readonly PodAddress[];
  masterName: string;
  dataPort: number;
  sentinelPort: number;
  /** Pod name of an address, also of one that a pod had before; the address itself when it is no pod of ours. */
  nameOf(host: string): string;
  /** Looks the addresses up again: a pod that was killed comes back with another one. Names stay. */
  refresh(): Promise<void>;
}

export const dataPort = 6379;
export const sentinelPort = 26379;

/** Finds the pods by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findPods(context: SystemContext): Promise<RedisPods> {
  const { parameters, namespace } = context;
  const app = String(parameters["appLabel"] ?? "redis");
  const sentinelApp = String(parameters["sentinelLabel"] ?? "redis-sentinel");
  const pods = await context.pods();
  const labelled = (value: string): PodAddress[] =>
    pods.filter((pod) => pod.labels["app"] === value).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let data = labelled(app);
  let sentinels = labelled(sentinelApp);
  for (const [found, label] of [
    [data, app],
    [sentinels, sentinelApp],
  ] as const) {
    if (found.length > 0) continue;
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label app=${label} in namespace ${namespace}.`,
      `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in namespace=, appLabel= and sentinelLabel=.`,
    );
  }
  const names = new Map([...data, ...sentinels].map((pod) => [pod.host, pod.name]));
  return {
    get data() {
      return data;
    },
    get sentinels() {
      return sentinels;
    },
    masterName: String(parameters["masterName"] ?? "mymaster"),
    dataPort,
    sentinelPort,
    nameOf: (host) => names.get(host) ?? host,
    refresh: async () => {
      const renew = await podRenewal(context);
      data = data.map(renew);
      sentinels = sentinels.map(renew);
      for (const { host, name } of [...data, ...sentinels]) names.set(host, name);
    },
  };
}
