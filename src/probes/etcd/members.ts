import type { Dial } from "../access.ts";
import { AftershockError } from "../../errors.ts";
import { textOf, wholeNumber } from "../figure.ts";
import { findPodsOf, selectorOf } from "../find-pods.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";
import { openEndpoint, type CallOptions, type EtcdEndpoint } from "./endpoint.ts";
import { clientPort, EtcdNotSent, type Json, withHeader } from "./http.ts";

/** The part of the system, in `access` and `selectors` of a target. */
export const etcdPart = "etcd";

/** The pods of one etcd cluster. Addresses are looked up again by `refresh`; names stay. */
export interface EtcdPods {
  readonly pods: readonly PodAddress[];
  /** As `EtcdEndpoint.call`, of the member in that pod; EtcdNotSent also where there is no way to it. */
  call(pod: string, path: string, body: Json, options: CallOptions): Promise<Json>;
  /** How the member in that pod is dialled now, and its connections. Rejects with EtcdNotSent. */
  endpoint(pod: string): Promise<{ dial: Dial; to: EtcdEndpoint }>;
  /** Where that member's clients inside the cluster call it. */
  clientUrl(pod: string): Promise<string>;
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Finds the pods of part `etcd`, or by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findMembers(context: SystemContext): Promise<EtcdPods> {
  const { namespace, parameters, access } = context;
  const label = String(parameters["appLabel"] ?? "etcd");
  const selector = selectorOf(context, etcdPart, label);
  let pods = await findPodsOf(context, etcdPart, label);
  if (pods.length === 0) {
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label ${selector} in namespace ${namespace}.`,
      `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in namespace= and appLabel=.`,
    );
  }
  const open = new Map<string, { at: string; endpoint: ReturnType<EtcdPods["endpoint"]> }>();
  const podOf = (name: string): PodAddress => {
    const pod = pods.find((candidate) => candidate.name === name);
    if (pod !== undefined) return pod;
    throw new EtcdNotSent("no-way-in", new Error(`${name} is no pod of this etcd`));
  };
  const closeEndpoint = (endpoint: ReturnType<EtcdPods["endpoint"]>): Promise<void> =>
    endpoint.then(({ to }) => to.close()).catch(() => undefined);
  const endpoint: EtcdPods["endpoint"] = async (name) => {
    const pod = podOf(name);
    const at = `${pod.uid} ${pod.host}`;
    const known = open.get(name);
    if (known?.at === at) return known.endpoint;
    if (known !== undefined) void closeEndpoint(known.endpoint);
    const fresh = access.dial(etcdPart, pod, clientPort).then(
      (dial) => ({ dial, to: openEndpoint(dial) }),
      (error: unknown) => {
        // It is asked for again by the next call.
        if (open.get(name)?.endpoint === fresh) open.delete(name);
        throw new EtcdNotSent("no-way-in", error);
      },
    );
    open.set(name, { at, endpoint: fresh });
    return fresh;
  };
  return {
    get pods() {
      return pods;
    },
    endpoint,
    call: async (pod, path, body, options) => (await endpoint(pod)).to.call(path, body, options),
    clientUrl: async (pod) => {
      const { dial } = await endpoint(pod);
      const scheme = dial.tls === undefined ? "http" : "https";
      return `${scheme}://${podOf(pod).host}:${access.listening(etcdPart, clientPort).port}`;
    },
    refresh: async () => {
      const renew = await podRenewal(context, selector);
      pods = pods.map(renew);
    },
    close: async () => {
      await Promise.all([...open.values()].map((one) => closeEndpoint(one.endpoint)));
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
export async function viewMembers(members: EtcdPods, timeoutMs: number): Promise<EtcdView[]> {
  const answers = await Promise.all(
    members.pods.map(async ({ name }) => ({
      pod: name,
      status: await members
        .call(name, "maintenance/status", {}, { timeoutMs })
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

/**
 * The leader that all who answer agree on; null without one, without a majority that answers, or when it is known by its
 * member id alone: which pod that is, only the pod itself could have said.
 */
export function agreedLeader(views: readonly EtcdView[]): string | null {
  const answering = views.filter((view) => view.reachable);
  const [first] = answering;
  if (first === undefined || first.leader === null || answering.length * 2 <= views.length) return null;
  const isPod = views.some((view) => view.pod === first.leader);
  return isPod && answering.every((view) => view.leader === first.leader) ? first.leader : null;
}
