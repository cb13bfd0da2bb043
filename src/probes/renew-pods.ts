import type { PodAddress, SystemContext } from "./system.ts";

/** Looks the addresses up again: names and order stay, and a pod that is away keeps its last address. */
export async function podRenewal(
  context: SystemContext,
  labelSelector?: string,
): Promise<(pod: PodAddress) => PodAddress> {
  const now = new Map((await context.pods(labelSelector)).map((pod) => [pod.name, pod]));
  return (pod) => {
    const found = now.get(pod.name);
    return found === undefined || found.host === "" ? pod : found;
  };
}
