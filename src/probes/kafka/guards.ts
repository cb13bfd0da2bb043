import { AftershockError } from "../../errors.ts";
import type { GuardResult, PodAddress } from "../system.ts";
import { newestPartitions, type BrokerView, type QuorumView } from "./views.ts";

export interface KafkaEvidence {
  pods: readonly PodAddress[];
  /** Of all topics. */
  views: readonly BrokerView[];
  quorum: QuorumView;
  /** What the run's topic will have: the parameter's value, or the brokers' own; null when it could not be read. */
  minInsyncReplicas: number | null;
}

type Bounds = Readonly<Record<string, number>>;

const guards: Readonly<Record<string, (evidence: KafkaEvidence, bounds: Bounds) => GuardResult>> = {
  "brokers-up": ({ pods, views }, bounds) => {
    const least = bounds["min"] ?? 3;
    const silent = views.filter((view) => !view.reachable).map((view) => view.pod);
    const unready = pods.filter((pod) => !pod.ready).map((pod) => pod.name);
    const registered = Math.min(
      ...views.filter((view) => view.reachable).map((view) => view.alive.length),
      pods.length,
    );
    const missing = [...new Set([...silent, ...unready])];
    return {
      ok: missing.length === 0 && pods.length >= least && registered === pods.length,
      measured: `${pods.length} brokers, ${registered} registered${missing.length === 0 ? "" : `; not up: ${missing.join(", ")}`}`,
      bound: `every broker answers and is registered, at least ${least}`,
      hint: "Look: kafka-metadata-quorum.sh --bootstrap-server … describe --status, and the pods' logs. One that is fenced is not counted.",
    };
  },
  "no-under-replicated": ({ views }) => {
    const partitions = newestPartitions(views);
    const offline = partitions.filter((entry) => entry.leader === null);
    const behind = partitions.filter((entry) => entry.isr.length < entry.replicas.length);
    const names = [...new Set([...offline, ...behind])].map((entry) => `${entry.topic}-${entry.partition}`);
    return {
      ok: views.some((view) => view.reachable) && names.length === 0,
      measured: `${partitions.length} partitions, ${behind.length} under-replicated, ${offline.length} offline${names.length === 0 ? "" : ` (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""})`}`,
      bound: "every partition has a leader and all its replicas in sync",
      hint: "Look: kafka-topics.sh --bootstrap-server … --describe --under-replicated-partitions. Let them catch up first: the broker to be killed may hold the only copy.",
    };
  },
  "controller-quorum": ({ quorum }, bounds) => {
    const mostLag = bounds["maxLag"] ?? 100;
    return {
      ok: quorum.controller !== null && quorum.voters >= 3 && quorum.maxLag !== null && quorum.maxLag <= mostLag,
      measured: `controller ${quorum.controller ?? "unknown"}, ${quorum.voters} voters, the slowest ${quorum.maxLag === null ? "unknown" : `${quorum.maxLag} records`} behind`,
      bound: `an active controller, at least 3 voters, none more than ${mostLag} records behind`,
      hint: "Look: kafka-metadata-quorum.sh --bootstrap-server … describe --replication. Without a quorum of controllers nobody elects a leader. Controllers that are no brokers are known by selectors.controller of the target.",
    };
  },
  "min-insync-satisfiable": ({ pods, minInsyncReplicas }) => ({
    ok: minInsyncReplicas !== null && minInsyncReplicas <= pods.length - 1,
    measured: `min.insync.replicas ${minInsyncReplicas ?? "could not be read"}, ${pods.length} replicas`,
    bound: `at most ${pods.length - 1}, so that one broker less is enough`,
    hint: "With as many required as there are, the loss of one broker stops all writes with acks=all, by design: that needs no experiment. Lower minInsyncReplicas=.",
  }),
};

/** Judges one guard. Throws AftershockError `bad_experiment` for an id that Kafka does not know. */
export function judgeKafkaGuard(id: string, evidence: KafkaEvidence, bounds: Bounds): GuardResult {
  const guard = guards[id];
  if (guard !== undefined) return guard(evidence, bounds);
  throw new AftershockError(
    "bad_experiment",
    `Kafka has no guard "${id}".`,
    `It has: ${Object.keys(guards).join(", ")}.`,
  );
}
