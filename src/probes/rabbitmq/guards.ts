import { AftershockError } from "../../errors.ts";
import type { GuardResult } from "../system.ts";
import type { NodeView } from "./nodes.ts";
import { queueProblem, type QueueView } from "./queues.ts";

export interface RabbitEvidence {
  views: readonly NodeView[];
  /** All queues of the virtual host; null when they could not be read. */
  queues: readonly QueueView[] | null;
  /** The pod that is to be killed; null without one. */
  victim: string | null;
  /** RabbitMQ's words when queues depend on the victim, or when it could not be asked; "" when none does. */
  critical: string;
}

type Bounds = Readonly<Record<string, number>>;

const guards: Readonly<Record<string, (evidence: RabbitEvidence, bounds: Bounds) => GuardResult>> = {
  "all-nodes-running": ({ views }) => {
    const silent = views.filter((view) => !view.reachable).map((view) => view.pod);
    const gaps = views
      .filter((view) => view.reachable)
      .flatMap((view) =>
        views.filter(({ pod }) => !view.running.includes(pod)).map(({ pod }) => `${view.pod} misses ${pod}`),
      );
    const problems = [...silent.map((pod) => `no answer from ${pod}`), ...gaps];
    return {
      ok: views.length > 0 && problems.length === 0,
      measured: problems.join("; ") || `${views.length} of ${views.length} nodes see each other running`,
      bound: "every node answers, and sees all others running",
      hint: "Look: rabbitmqctl cluster_status",
    };
  },
  "no-partition": ({ views }) => {
    const split = views.filter((view) => view.partitions.length > 0);
    const known = views.length > 0 && views.every((view) => view.reachable);
    return {
      ok: known && split.length === 0,
      measured:
        split.map((view) => `${view.pod} is cut off from ${[...new Set(view.partitions)].join(" and ")}`).join("; ") ||
        (known ? "none" : "not every node answers"),
      bound: "no node holds another to be partitioned",
      hint: "A cluster that was split stays so until nodes are restarted: rabbitmqctl cluster_status, then restart the side that is to lose.",
    };
  },
  "no-alarms": ({ views }) => {
    const alarms = views.flatMap((view) => view.alarms);
    const known = views.length > 0 && views.every((view) => view.reachable);
    return {
      ok: known && alarms.length === 0,
      measured: alarms.join(", ") || (known ? "none" : "not every node answers"),
      bound: "no memory, disk or file handle alarm",
      hint: "RabbitMQ blocks publishers while one is raised: rabbitmq-diagnostics alarms",
    };
  },
  "enough-nodes": ({ views }, bounds) => {
    const least = bounds["min"] ?? 3;
    return {
      ok: views.length >= least,
      measured: `${views.length} nodes`,
      bound: `at least ${least}`,
      hint: "A quorum queue needs three nodes to survive the loss of one.",
    };
  },
  "queues-whole": ({ queues }) => {
    const problems = (queues ?? []).flatMap((queue) => {
      const problem = queueProblem(queue);
      return problem === null ? [] : [`${queue.name} ${problem}`];
    });
    return {
      ok: queues !== null && problems.length === 0,
      measured:
        queues === null ? "could not be read" : problems.slice(0, 5).join("; ") || `${queues.length} queues, all whole`,
      bound: "every queue runs, with all its members online",
      hint: "Look: rabbitmqctl list_queues name type state members online",
    };
  },
  "not-critical": ({ victim, critical }) => ({
    ok: victim !== null && critical === "",
    measured: victim === null ? "no node to kill" : critical || `no queue depends on ${victim} alone`,
    bound: "no quorum queue loses its majority, no mirrored queue its last synchronised mirror",
    hint: "Look: rabbitmq-queues check_if_node_is_quorum_critical. Bring the other members of those queues back first.",
  }),
};

/** Judges one guard. Throws AftershockError `bad_experiment` for an id that RabbitMQ does not know. */
export function judgeRabbitGuard(id: string, evidence: RabbitEvidence, bounds: Bounds): GuardResult {
  const guard = guards[id];
  if (guard !== undefined) return guard(evidence, bounds);
  throw new AftershockError(
    "bad_experiment",
    `RabbitMQ has no guard "${id}".`,
    `It has: ${Object.keys(guards).join(", ")}.`,
  );
}
