import type { PodAddress } from "../system.ts";
import { warmUpPartitions } from "./topic.ts";
import { newestPartitions, type BrokerView } from "./views.ts";

/** What still differs; empty when every broker answers and is registered, and every partition has all its replicas in sync. */
export function kafkaDisagreements(pods: readonly PodAddress[], views: readonly BrokerView[]): string[] {
  const problems = views.filter((view) => !view.reachable).map((view) => `${view.pod} does not answer`);
  for (const view of views.filter(({ reachable }) => reachable)) {
    const missing = pods.filter((pod) => !view.alive.includes(pod.name)).map((pod) => pod.name);
    if (missing.length > 0) problems.push(`${view.pod} does not know ${missing.join(", ")} as registered`);
  }
  if (problems.length > 0) return problems;
  for (const newest of newestPartitions(views)) {
    const name = `partition ${newest.partition}`;
    if (newest.leader === null) problems.push(`${name} has no leader`);
    for (const view of views) {
      const seen = view.partitions.find(
        (entry) => entry.topic === newest.topic && entry.partition === newest.partition,
      );
      const absent = (seen?.replicas ?? newest.replicas).filter((pod) => seen?.isr.includes(pod) !== true);
      if (absent.length > 0) problems.push(`${view.pod} knows ${name} without ${absent.join(", ")} in sync`);
      else if (seen?.leader !== newest.leader) problems.push(`${view.pod} knows another leader of ${name}`);
    }
  }
  return problems;
}

/** `partition 0: leader kafka-1, epoch 2, in sync kafka-0 kafka-1 kafka-2; …` */
export function describePartitions(views: readonly BrokerView[]): string {
  return newestPartitions(views)
    .filter(({ partition }) => !warmUpPartitions.some((one) => one === partition))
    .map(
      (entry) =>
        `partition ${entry.partition}: leader ${entry.leader ?? "none"}, epoch ${entry.epoch}, in sync ${entry.isr.join(" ")}`,
    )
    .join("; ");
}
