import { AftershockError } from "../../errors.ts";
import type { Dial, Listening } from "../access.ts";
import { findPodsOf, selectorOf } from "../find-pods.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";
import { podNames, type PodNames } from "../pod-names.ts";

/** Parts of a target (src/targets/parts.ts). One pod may be in both: a container each. */
export type RedisPart = "redis" | "sentinel";

/** The pods of one Redis with Sentinel, and how to reach them. */
export interface RedisPods {
  /** As last looked up; a pod that is away keeps its last address. */
  readonly data: readonly PodAddress[];
  readonly sentinels: readonly PodAddress[];
  masterName: string;
  readonly names: PodNames;
  /** How a pod's server is spoken to now. Rejects with AftershockError `system_unreachable` for what is no pod of ours. */
  dial(part: RedisPart, pod: string): Promise<Dial>;
  /** For commands that are run in pods. */
  listening(part: RedisPart): Listening;
  /** Looks the addresses up again: a pod that was killed comes back with another one. Names stay. */
  refresh(): Promise<void>;
}

export const dataPort = 6379;
export const sentinelPort = 26379;
const ports = { redis: dataPort, sentinel: sentinelPort } as const;

/**
 * Finds the pods by the target's selectors, or by their label `app`. Throws AftershockError `system_unreachable` when
 * there are none.
 */
export async function findPods(context: SystemContext): Promise<RedisPods> {
  const { parameters, namespace, access } = context;
  const labels = {
    redis: String(parameters["appLabel"] ?? "redis"),
    sentinel: String(parameters["sentinelLabel"] ?? "redis-sentinel"),
  };
  const found = await Promise.all(
    (["redis", "sentinel"] as const).map(async (part) => {
      const pods = await findPodsOf(context, part, labels[part]);
      if (pods.length > 0) return pods;
      throw new AftershockError(
        "system_unreachable",
        `There are no pods with the label ${selectorOf(context, part, labels[part])} in namespace ${namespace}.`,
        `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in namespace=, appLabel= and sentinelLabel=, or in selectors.${part} of a target.`,
      );
    }),
  );
  const pods = { redis: found[0] ?? [], sentinel: found[1] ?? [] };
  const names = podNames(namespace);
  names.learn([...pods.redis, ...pods.sentinel]);
  return {
    get data() {
      return pods.redis;
    },
    get sentinels() {
      return pods.sentinel;
    },
    names,
    masterName: String(parameters["masterName"] ?? "mymaster"),
    dial: async (part, name) => {
      const pod = pods[part].find((candidate) => candidate.name === name);
      if (pod !== undefined) return access.dial(part, pod, ports[part]);
      throw new AftershockError(
        "system_unreachable",
        `${name} is no pod of the ${part === "redis" ? "Redis members" : "Sentinels"} that were found.`,
        "Members that announce other addresses than their pods' must say so to us too: let the probes' user run CONFIG GET.",
      );
    },
    listening: (part) => access.listening(part, ports[part]),
    refresh: async () => {
      for (const part of ["redis", "sentinel"] as const) {
        const renew = await podRenewal(context, selectorOf(context, part, labels[part]));
        pods[part] = pods[part].map(renew);
      }
      names.learn([...pods.redis, ...pods.sentinel]);
    },
  };
}
