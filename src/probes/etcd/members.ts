import { textOf, wholeNumber } from "../figure.ts";
import { AftershockError } from "../../errors.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";
import { callEtcd, type Json, withHeader } from "./http.ts";

/** The pods of one etcd cluster. Addresses are looked up again by `refresh`; names stay. */
export interface EtcdPods {
  readonly pods: readonly PodAddress[];
  hostOf(name: string): string;
  refresh(): Promise<void>;
}

/** Finds the pods by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findMembers(context: SystemContext): Promise<EtcdPods> {
  const { namespace, parameters } = context;
  const label = String(parameters["appLabel"] ?? "etcd");
  let pods = (await context.pods())
    .filter((pod) => pod.labels["app"] === label)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (pods.length === 0) {
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label app=${label} in namespace ${namespace}.`,
      `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in namespace= and appLabel=.`,
    );
  }
  return {
    get pods() {
      return pods;
    },
    hostOf: (name) => pods.find((pod) => pod.name === name)?.host ?? name,
    refresh: async () => {
      const renew = await podRenewal(context);
      pods = pods.map(renew);
    },
  };
}

/** What one member says of itself. */
export interface EtcdView {
  pod: string;
  reachable: boolean;
  memberId: string | null;
  /** Pod of the leader that it follows; null without one. */
  leader: string | null;
  term: number | null;
  appliedIndex: number | null;
  dbSizeBytes: number | null;
  version: string | null;
}

/** Asks every member for its status, which it answers without a quorum too. */
export async function viewMembers({ pods }: EtcdPods, timeoutMs: number): Promise<EtcdView[]> {
  const answers = await Promise.all(
    pods.map(async ({ name, host }) => ({
      pod: name,
      status: await callEtcd(host, "maintenance/status", {}, { timeoutMs })
        .then(withHeader)
        .catch(() => null),
    })),
  );
  const idOf = (status: Json | null): string | null => {
    const header = status?.["header"];
    return typeof header === "object" && header !== null && "member_id" in header ? textOf(header.member_id) : null;
  };
  const names = new Map(answers.map(({ pod, status }) => [idOf(status), pod]));
  return answers.map(({ pod, status }) => {
    const leader = textOf(status?.["leader"]);
    // The gateway leaves zeroes out.
    const number = (field: string): number | null => (status === null ? null : wholeNumber(status[field] ?? 0));
    return {
      pod,
      reachable: status !== null,
      memberId: idOf(status),
      // A leader whose pod does not answer is told by its id.
      leader: leader === null || leader === "0" ? null : (names.get(leader) ?? `member ${leader}`),
      term: number("raftTerm"),
      appliedIndex: number("raftAppliedIndex"),
      dbSizeBytes: number("dbSize"),
      version: textOf(status?.["version"]),
    };
  });
}

/** The leader that all who answer agree on; null without one, or without a majority that answers. */
export function agreedLeader(views: readonly EtcdView[]): string | null {
  const answering = views.filter((view) => view.reachable);
  const [first] = answering;
  if (first === undefined || first.leader === null || answering.length * 2 <= views.length) return null;
  return answering.every((view) => view.leader === first.leader) ? first.leader : null;
}
