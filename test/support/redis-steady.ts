import type { Stack } from "../../src/embedded/stack.ts";
import { kubectl } from "./kubectl.ts";
import { waitFor } from "./stack.ts";

/**
 * Waits until Redis in the lab is as the guards want it: one master by its own word, two replicas with their link up.
 * A run that was stopped heals and says so; it does not wait for the system, and the next run's guards would refuse.
 */
export async function untilRedisIsSteady(stack: Stack): Promise<void> {
  const looks = () => Promise.all([0, 1, 2].map((at) => replication(stack, `redis-${at}`)));
  await waitFor(
    looks,
    (all) =>
      all.filter((text) => text.includes("role:master") && text.includes("connected_slaves:2")).length === 1 &&
      all.filter((text) => text.includes("master_link_status:up")).length === 2,
    60_000,
  );
}

async function replication(stack: Stack, pod: string): Promise<string> {
  const args = ["exec", pod, "-n", "cache", "--", "redis-cli", "INFO", "replication"];
  return (await kubectl(stack.lab.kubeconfigPath, args)).stdout;
}
