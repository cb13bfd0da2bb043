import { AftershockError } from "../../errors.ts";
import type { Dial, Listening } from "../access.ts";
import { openHttp, type HttpAsk } from "../dial-http.ts";
import { findPodsOf, selectorOf } from "../find-pods.ts";
import { podNames } from "../pod-names.ts";
import { cnpgRoleLabel, managedBy, type Managed } from "./manager.ts";
import { openSqlLooks, readSqlView } from "./sql-view.ts";
import { memberClient } from "./connect.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";
import { defaultScope, lockObjectOf } from "./lock-object.ts";
import { defaultDcsLabel } from "./no-etcd.ts";

const ports = { postgres: 5432, patroni: 8008, etcd: 2379 } as const;
/** Parts of a target (src/targets/parts.ts); `patroni` is the REST API of the pods of `postgres`. */
export type PatroniPart = keyof typeof ports;

/** Whoever decides who is primary, and what tells it of each member. */
export interface Manager extends Managed {
  /** Never rejects: a member that does not answer is not reachable. */
  view(pod: string, timeoutMs: number): Promise<PatroniView>;
}

/** The pods of one PostgreSQL under Patroni or CloudNativePG, and of the etcd that holds Patroni's lock. */
export interface PatroniPods {
  readonly pods: readonly PodAddress[];
  readonly manager: Manager;
  /** Empty when Patroni keeps its lock elsewhere, e.g. in the Kubernetes API, and where there is no Patroni. */
  readonly dcs: readonly PodAddress[];
  scope: string;
  /** Of the parameters; the target's own login stands over it. */
  user: string;
  database: string;
  /** How a pod's server is spoken to now. Rejects with AftershockError `system_unreachable` for what is no pod of ours. */
  dial(part: PatroniPart, pod: string): Promise<Dial>;
  /** For commands that are run in pods, which reach other pods at their own addresses. */
  listening(part: PatroniPart): Listening;
  addressOf(pod: string): string;
  /** Which pod an address means that a server tells. */
  nameOf(address: string): string;
  readonly ask: HttpAsk;
  /** Tokens of etcd by pod, for its gateway. */
  readonly etcdTokens: Map<string, string>;
  refresh(): Promise<void>;
}

/**
 * Finds the pods by the target's selectors, or by their label `app`. Throws AftershockError `system_unreachable` when
 * there are none, `not_supported_here` where they are of several clusters.
 */
export async function findPatroniPods(context: SystemContext): Promise<PatroniPods> {
  const { namespace, parameters, access } = context;
  const text = (name: string, fallback: string): string => String(parameters[name] ?? fallback);
  const labels = { postgres: text("appLabel", "postgresql"), etcd: text("dcsLabel", defaultDcsLabel) };
  let [pods, dcs] = await Promise.all([
    findPodsOf(context, "postgres", labels.postgres),
    lockObjectOf(parameters) === null ? findPodsOf(context, "etcd", labels.etcd) : [],
  ]);
  if (pods.length === 0) {
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label ${selectorOf(context, "postgres", labels.postgres)} in namespace ${namespace}.`,
      `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in namespace=, appLabel= and dcsLabel=, or in selectors of a target.`,
    );
  }
  const managed = managedBy(pods, namespace);
  // Whatever etcd is beside it is none of CloudNativePG's.
  if (managed.name === "cloudnative-pg") dcs = [];
  const names = podNames(namespace);
  names.learn([...pods, ...dcs]);
  const podOf = (name: string): PodAddress | undefined => [...pods, ...dcs].find((pod) => pod.name === name);
  const members: PatroniPods = {
    manager: { ...managed, view: viewerOf(managed, () => members) },
    get pods() {
      return pods;
    },
    get dcs() {
      return dcs;
    },
    scope: text("scope", defaultScope),
    user: text("user", "postgres"),
    database: text("database", "postgres"),
    dial: async (part, name) => {
      const pod = podOf(name);
      if (pod !== undefined) return access.dial(part, pod, ports[part]);
      throw new AftershockError(
        "system_unreachable",
        `${name} is none of the pods that were found.`,
        `Look: kubectl get pods -n ${namespace}; ${managed.look}. Members must be called as their pods are.`,
      );
    },
    listening: (part) => access.listening(part, ports[part]),
    addressOf: (name) => podOf(name)?.host ?? name,
    nameOf: names.nameOf,
    ask: openHttp(),
    etcdTokens: new Map(),
    refresh: async () => {
      const renewed = await Promise.all([
        podRenewal(context, selectorOf(context, "postgres", labels.postgres)),
        dcs.length === 0 ? null : podRenewal(context, selectorOf(context, "etcd", labels.etcd)),
      ]);
      pods = pods.map(renewed[0]);
      if (renewed[1] !== null) dcs = dcs.map(renewed[1]);
      names.learn([...pods, ...dcs]);
    },
  };
  return members;
}

/** Patroni's members by its REST API; of CloudNativePG each PostgreSQL itself, as the target's user. */
function viewerOf({ name }: Managed, members: () => PatroniPods): Manager["view"] {
  if (name === "patroni") {
    return async (pod, timeoutMs) => readView(pod, await getPatroni(members(), pod, "/patroni", timeoutMs));
  }
  const looks = openSqlLooks((pod, connectTimeoutMs) =>
    memberClient(members(), pod, { applicationName: "aftershock looks", connectTimeoutMs }),
  );
  return async (pod, timeoutMs) => {
    const names = members().pods.map((one) => one.name);
    return readSqlView(pod, await looks.look(pod, timeoutMs), names);
  };
}

/**
 * Labels that tell the primary's pod, with the values that they have had: Patroni's own (`role`: `master` before 4.0,
 * `primary` since; Patroni documentation, Kubernetes, role_label), Spilo's (Zalando's operator, user guide), Crunchy
 * Data's (its documentation, high availability), and CloudNativePG's (`role` before it, and still beside it).
 */
const roleLabels = ["role", "spilo-role", "postgres-operator.crunchydata.com/role", cnpgRoleLabel];

/** The pods that a service takes for the primary, by name; empty when no pod is labelled so. */
export function labelledPrimary({ pods }: Pick<PatroniPods, "pods">): string {
  return pods
    .filter(({ labels }) => roleLabels.some((label) => labels[label] === "master" || labels[label] === "primary"))
    .map(({ name }) => name)
    .join(" ");
}

/** What one member says of itself: its Patroni (GET /patroni), or its PostgreSQL where there is no Patroni. */
export interface PatroniView {
  pod: string;
  reachable: boolean;
  role: "primary" | "replica" | null;
  /** `running`, `streaming`, `starting`, …; in Patroni's words, of which a server without it has the first and the last. */
  state: string | null;
  timeline: number | null;
  /** Bytes of WAL written (primary) or replayed (replica). */
  walBytes: number | null;
  /**
   * Replicas that stream from it, by application name: Patroni sets it to the member's name, CloudNativePG to the pod's
   * (cloudnative-pg/cloudnative-pg v1.30.0, buildPrimaryConnInfo in pkg/management/postgres/conninfo.go).
   */
  streaming: string[];
  /** Of Patroni. */
  version: string | null;
  paused: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** GET of a Patroni REST path; null without an answer. Any status counts: /primary answers 503 on a replica. */
export async function getPatroni(
  members: PatroniPods,
  pod: string,
  path: string,
  timeoutMs: number,
): Promise<Json | null> {
  try {
    const { status, body } = await members.ask(pod, await members.dial("patroni", pod), { path, timeoutMs });
    // Whoever is refused has seen nothing of the member.
    if (status === 401 || status === 403) return null;
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? (parsed as Json) : null;
  } catch {
    return null;
  }
}

export async function viewPatroni(members: PatroniPods, timeoutMs: number): Promise<PatroniView[]> {
  return Promise.all(members.pods.map(({ name }) => members.manager.view(name, timeoutMs)));
}

function record(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

/** Reads /patroni of Patroni 2.1 to 4; exported for its test. */
export function readView(pod: string, body: Json | null): PatroniView {
  const part = (name: string): Json => record(body?.[name]);
  const role = body?.["role"];
  const wal = part("xlog")["location"] ?? part("xlog")["replayed_location"];
  const replication = body?.["replication"];
  return {
    pod,
    reachable: body !== null,
    role: typeof role !== "string" ? null : role === "master" || role === "primary" ? "primary" : "replica",
    state: typeof body?.["state"] === "string" ? body["state"] : null,
    timeline: typeof body?.["timeline"] === "number" ? body["timeline"] : null,
    walBytes: typeof wal === "number" ? wal : null,
    streaming: Array.isArray(replication)
      ? replication.flatMap((entry: unknown) => {
          const { state, application_name: name } = record(entry);
          return state === "streaming" && typeof name === "string" ? [name] : [];
        })
      : [],
    version: typeof part("patroni")["version"] === "string" ? String(part("patroni")["version"]) : null,
    paused: body?.["pause"] === true,
  };
}

const isUp = (view: PatroniView): boolean => view.state === "running" || view.state === "streaming";

/** The one primary that runs; null when there is none or more than one. */
export function onlyPrimary(views: readonly PatroniView[]): string | null {
  const primaries = views.filter((view) => view.role === "primary" && isUp(view));
  return primaries.length === 1 ? (primaries[0]?.pod ?? null) : null;
}

/** What still differs; empty when one primary runs and every other member streams from it on the same timeline. */
export function patroniDisagreements(views: readonly PatroniView[]): string[] {
  const problems = views.filter((view) => !view.reachable).map((view) => `${view.pod} does not answer`);
  const primary = views.find((view) => view.pod === onlyPrimary(views));
  if (primary === undefined) return [...problems, "there is not exactly one running primary"];
  for (const view of views) {
    if (view.pod === primary.pod || !view.reachable) continue;
    if (view.role !== "replica" || !isUp(view))
      problems.push(`${view.pod} is ${view.state ?? "silent"} as ${view.role}`);
    else if (!primary.streaming.includes(view.pod)) problems.push(`${view.pod} does not stream from ${primary.pod}`);
    else if (view.timeline !== null && view.timeline !== primary.timeline) {
      problems.push(`${view.pod} is on timeline ${view.timeline}, ${primary.pod} on ${primary.timeline}`);
    }
  }
  return problems;
}
