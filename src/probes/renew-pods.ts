import type { PodAddress, SystemContext } from "./system.ts";

/**
 * Looks the pods up again: names and order stay. A pod that is away keeps its last address, so that it can be asked as
 * soon as it is back, and no label: no service selects what is not there.
 */
export async function podRenewal(
  context: SystemContext,
  labelSelector?: string,
): Promise<(pod: PodAddress) => PodAddress> {
  const now = new Map((await context.pods(labelSelector)).map((pod) => [pod.name, pod]));
  return (pod) => {
    const found = now.get(pod.name);
    if (found === undefined) return { ...pod, labels: {}, ready: false };
    return found.host === "" ? { ...found, host: pod.host } : found;
  };
}
