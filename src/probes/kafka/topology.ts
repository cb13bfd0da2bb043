import { AftershockError } from "../../errors.ts";
import { noAnswerFrom } from "../silent.ts";
import type { Topology } from "../system.ts";
import type { PartitionView, QuorumView } from "./views.ts";

/**
 * Who is to lead the run's first partition: by name the first broker that is not the active controller, so that the loss
 * of a broker and the loss of a controller are not measured as one; with `controller`, the active controller itself.
 * A topic that is there already has its leader (`first`, its first partition). Null while nobody tells of the controllers
 * (no `voters`): any broker could be the active one. Touches nothing: the assignment is made when the probes start. Throws
 * AftershockError `not_allowed` where `controller` is asked for and the active one is no broker: it leads no partition.
 */
export function chooseTarget(
  pods: readonly string[],
  { controller, voters }: Pick<QuorumView, "controller" | "voters">,
  role: string,
  first: Pick<PartitionView, "leader"> | undefined,
): string | null {
  if (first !== undefined) return first.leader;
  const wanted = role === "controller";
  if (wanted && controller !== null && !pods.includes(controller)) {
    throw new AftershockError(
      "not_allowed",
      `The active controller, ${controller}, is a controller and no broker: it leads no partition, so this experiment does not kill it.`,
      "Leave role= out: role=broker",
    );
  }
  // While nobody tells of the quorum, no controller is known either.
  if (wanted || voters === 0) return controller;
  return pods.find((pod) => pod !== controller) ?? null;
}

/** What is told of the members: `quorum` of the controllers, `target` of who is to lead the run's first partition. */
export interface KafkaRoles {
  quorum: Pick<QuorumView, "controller" | "voterPods">;
  target: string | null;
  topic: "is there" | "will be made";
  /** Who was asked and did not answer. */
  silent?: readonly string[];
}

/** `controllers` are those of the brokers' pods and of others that vote; `controller` is the active one. */
export function kafkaTopology(pods: readonly string[], { quorum, target, topic, silent = [] }: KafkaRoles): Topology {
  const { controller, voterPods } = quorum;
  const followers = target === null ? [] : pods.filter((pod) => pod !== target);
  const alone = controller !== null && !pods.includes(controller) ? " (no broker)" : "";
  return {
    groups: {
      leader: target === null ? [] : [target],
      followers,
      brokers: [...pods],
      controllers: [...voterPods],
      controller: controller === null ? [] : [controller],
    },
    holders: [...pods],
    silent,
    summary: `${pods.length} brokers, controller ${controller ?? "unknown"}${alone}; the probes' partition ${topic === "is there" ? "is" : "will be"} led by ${target ?? "a broker that is unknown"}, followers ${target === null ? "unknown" : followers.join(" ") || "none"}${noAnswerFrom(silent)}`,
  };
}
