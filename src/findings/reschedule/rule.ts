import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import type { RescheduleTimings } from "./timings.ts";

export interface RescheduleRuleInput {
  history: History;
  context: JudgeContext;
  timings: RescheduleTimings;
}
export type RescheduleRule = (input: RescheduleRuleInput) => Finding | null;

const recommendations: Readonly<Record<string, [recommended: string, source: string]>> = {
  "tolerationSeconds (node unreachable)": [
    "as long as the database's own failover takes, where the pod itself has to come back soon",
    "Kubernetes documentation, Taints and Tolerations (300 s are added to every pod); Non-graceful node shutdown",
  ],
  terminationGracePeriodSeconds: [
    "longer than a fast shutdown of the database takes",
    "Kubernetes documentation, Force delete StatefulSet pods: a force delete skips it",
  ],
  accessModes: [
    "ReadWriteOncePod, where the driver has it: then no second pod can open the data, not even on the same node",
    "Kubernetes documentation, Persistent Volumes, access modes",
  ],
  podManagementPolicy: [
    "Parallel, where members need not wait for each other",
    "Kubernetes documentation, StatefulSets, pod management policies",
  ],
  PodDisruptionBudget: [
    "one with maxUnavailable 1, and kubectl drain, which asks it",
    "Kubernetes documentation, Specifying a Disruption Budget",
  ],
};

/** The live value of a setting of the moved pod, with what is recommended. */
export function settingOf({ history, timings }: RescheduleRuleInput, name: string): NonNullable<Finding["setting"]> {
  const found = history.settings.find((entry) => entry.name === name);
  const [recommended, source] = recommendations[name] ?? ["", ""];
  const member = found?.member ?? timings.member ?? "unknown";
  return { name, value: found?.value ?? "not read", member, recommended, source };
}
