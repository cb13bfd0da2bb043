import type { Stack } from "../../src/embedded/stack.ts";
import { kubectl, kubectlOk } from "./kubectl.ts";

/** Whether every Redis member answers a ping from every other, inside the pods; whoever is master, a partition shows. */
export async function redisConnected(stack: Pick<Stack, "lab">): Promise<boolean> {
  const members = ["redis-0", "redis-1", "redis-2"];
  const pairs = members.flatMap((from) => members.filter((to) => to !== from).map((to) => ({ from, to })));
  const answers = await Promise.all(
    pairs.map(async ({ from, to }) => {
      const path = "jsonpath={.status.podIP}";
      const address = await kubectlOk(stack.lab.kubeconfigPath, ["get", "pod", to, "-n", "cache", "-o", path]);
      const ping = ["exec", from, "-n", "cache", "--", "timeout", "2", "redis-cli", "-h", address, "PING"];
      return (await kubectl(stack.lab.kubeconfigPath, ping)).stdout.includes("PONG");
    }),
  );
  return answers.every(Boolean);
}
