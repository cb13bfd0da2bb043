import { AftershockError } from "../../errors.ts";
import type { GuardResult, PodAddress } from "../system.ts";
import { agreedLeader, type EtcdView } from "./members.ts";

export interface EtcdEvidence {
  views: readonly EtcdView[];
  pods: readonly PodAddress[];
  namespace: string;
  /** Alarms as etcd lists them, e.g. `NOSPACE`; null when they could not be read. */
  alarms: readonly string[] | null;
}

type Bounds = Readonly<Record<string, number>>;

const guards: Readonly<Record<string, (evidence: EtcdEvidence, bounds: Bounds) => GuardResult>> = {
  "one-leader": ({ views }) => {
    const leader = agreedLeader(views);
    const silent = views.filter((view) => !view.reachable).map((view) => view.pod);
    const terms = [...new Set(views.map((view) => view.term))];
    return {
      ok: leader !== null && silent.length === 0 && terms.length === 1,
      measured: `leader ${leader ?? "not agreed"}, term ${terms.map((term) => term ?? "unknown").join(" and ")}${silent.length === 0 ? "" : `; no answer from ${silent.join(", ")}`}`,
      bound: "every member answers, with one leader in one term",
      hint: "Look: etcdctl endpoint status --cluster -w table",
    };
  },
  "enough-members": ({ views }, bounds) => {
    const least = bounds["min"] ?? 3;
    return {
      ok: views.length >= least,
      measured: `${views.length} members`,
      bound: `at least ${least}`,
      hint: "Fewer than three members have no quorum to lose: one failure is an outage already.",
    };
  },
  "no-alarms": ({ alarms }) => ({
    ok: alarms !== null && alarms.length === 0,
    measured: alarms === null ? "could not be read" : alarms.join(", ") || "none",
    bound: "no alarm",
    hint: "Look: etcdctl alarm list. NOSPACE needs compaction and defragmentation before anything else.",
  }),
  "not-control-plane": ({ pods, namespace }) => {
    const marked = pods.filter((pod) => pod.labels["tier"] === "control-plane" || pod.labels["component"] === "etcd");
    return {
      ok: namespace !== "kube-system" && marked.length === 0,
      measured:
        marked.length === 0 ? `namespace ${namespace}` : `${marked.map((pod) => pod.name).join(", ")} in ${namespace}`,
      bound: "not the etcd of the Kubernetes control plane",
      hint: "Without it the cluster could not be told to heal itself. Choose an etcd of an application.",
    };
  },
};

/** Judges one guard. Throws AftershockError `bad_experiment` for an id that etcd does not know. */
export function judgeEtcdGuard(id: string, evidence: EtcdEvidence, bounds: Bounds): GuardResult {
  const guard = guards[id];
  if (guard !== undefined) return guard(evidence, bounds);
  throw new AftershockError(
    "bad_experiment",
    `etcd has no guard "${id}".`,
    `It has: ${Object.keys(guards).join(", ")}.`,
  );
}
