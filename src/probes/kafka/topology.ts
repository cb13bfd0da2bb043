import type { Topology } from "../system.ts";

/**
 * Who is to lead the run's first partition: by name the first broker that is not the active controller, so that the loss
 * of a broker and the loss of a controller are not measured as one; with `controller`, the active controller itself.
 * A topic that is there already has its leader. Touches nothing: the assignment is made when the probes start.
 */
export function chooseTarget(
  pods: readonly string[],
  controller: string | null,
  role: string,
  leaderNow: string | null,
): string | null {
  if (leaderNow !== null) return leaderNow;
  if (role === "controller") return controller;
  return pods.find((pod) => pod !== controller) ?? null;
}

export function kafkaTopology(
  pods: readonly string[],
  controller: string | null,
  target: string | null,
  topic: "is there" | "will be made",
): Topology {
  const followers = target === null ? [] : pods.filter((pod) => pod !== target);
  return {
    groups: {
      leader: target === null ? [] : [target],
      followers,
      brokers: [...pods],
      controller: controller === null ? [] : [controller],
    },
    summary: `${pods.length} brokers, controller ${controller ?? "unknown"}; the probes' partition ${topic === "is there" ? "is" : "will be"} led by ${target ?? "nobody"}, followers ${followers.join(" ") || "none"}`,
  };
}
