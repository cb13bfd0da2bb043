import { AftershockError } from "../../errors.ts";
import { podRenewal } from "../renew-pods.ts";
import type { PodAddress, SystemContext } from "../system.ts";

export const postgresPort = 5432;
export const restPort = 8008;
export const etcdPort = 2379;

/** The pods of one PostgreSQL under Patroni, and of the etcd that holds its lock. */
export interface PatroniPods {
  readonly pods: readonly PodAddress[];
  /** Empty when Patroni keeps its lock elsewhere, e.g. in the Kubernetes API. */
  readonly dcs: readonly PodAddress[];
  scope: string;
  user: string;
  database: string;
  hostOf(name: string): string;
  refresh(): Promise<void>;
}

/** Finds the pods by their label `app`. Throws AftershockError `system_unreachable` when there are none. */
export async function findPatroniPods(context: SystemContext): Promise<PatroniPods> {
  const { namespace, parameters } = context;
  const text = (name: string, fallback: string): string => String(parameters[name] ?? fallback);
  const label = text("appLabel", "postgresql");
  const all = await context.pods();
  const labelled = (app: string): PodAddress[] =>
    all.filter((pod) => pod.labels["app"] === app).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let pods = labelled(label);
  let dcs = labelled(text("dcsLabel", "postgresql-etcd"));
  if (pods.length === 0) {
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label app=${label} in namespace ${namespace}.`,
      `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in namespace=, appLabel= and dcsLabel=.`,
    );
  }
  return {
    get pods() {
      return pods;
    },
    get dcs() {
      return dcs;
    },
    scope: text("scope", "postgresql"),
    user: text("user", "postgres"),
    database: text("database", "postgres"),
    hostOf: (name) => [...pods, ...dcs].find((pod) => pod.name === name)?.host ?? name,
    refresh: async () => {
      const renew = await podRenewal(context);
      pods = pods.map(renew);
      dcs = dcs.map(renew);
    },
  };
}

/** The pods that a service with the selector `role` takes for the primary, by name; empty when no pod is labelled so. */
export function labelledPrimary({ pods }: Pick<PatroniPods, "pods">): string {
  return pods
    .filter(({ labels }) => labels["role"] === "master" || labels["role"] === "primary")
    .map(({ name }) => name)
    .join(" ");
}

/** What one member's Patroni says of itself (GET /patroni). */
export interface PatroniView {
  pod: string;
  reachable: boolean;
  role: "primary" | "replica" | null;
  /** `running`, `streaming`, `starting`, …; in Patroni's words. */
  state: string | null;
  timeline: number | null;
  /** Bytes of WAL written (primary) or replayed (replica). */
  walBytes: number | null;
  /** Replicas that stream from it, by application name, which Patroni sets to the member's name. */
  streaming: string[];
  version: string | null;
  paused: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** GET of a Patroni REST path; null without an answer. Any status counts: /primary answers 503 on a replica. */
export async function getPatroni(host: string, path: string, timeoutMs: number): Promise<Json | null> {
  try {
    const answer = await fetch(`http://${host}:${restPort}${path}`, { signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = await answer.json();
    return typeof body === "object" && body !== null ? (body as Json) : null;
  } catch {
    return null;
  }
}

export async function viewMember({ name, host }: PodAddress, timeoutMs: number): Promise<PatroniView> {
  return readView(name, await getPatroni(host, "/patroni", timeoutMs));
}

export async function viewPatroni({ pods }: PatroniPods, timeoutMs: number): Promise<PatroniView[]> {
  return Promise.all(pods.map((pod) => viewMember(pod, timeoutMs)));
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

/** Who holds the leader lock: a member's name, null when nobody does, undefined when it could not be read. */
export async function lockHolder(members: PatroniPods, timeoutMs: number): Promise<string | null | undefined> {
  return (await readLock(members, timeoutMs))?.holder;
}

/**
 * The leader lock, and which of Patroni's drivers keeps it there: `etcd3` uses etcd's present keys, `etcd` those of its
 * API v2. Undefined when it could not be read; without a holder the driver is not known.
 */
export async function readLock(
  members: PatroniPods,
  timeoutMs: number,
): Promise<{ holder: string; driver: "etcd" | "etcd3" } | { holder: null; driver: null } | undefined> {
  const key = `/service/${members.scope}/leader`;
  for (const { host } of members.dcs) {
    const signal = (): AbortSignal => AbortSignal.timeout(timeoutMs);
    try {
      const v3 = await fetch(`http://${host}:${etcdPort}/v3/kv/range`, {
        method: "POST",
        body: JSON.stringify({ key: Buffer.from(key).toString("base64") }),
        signal: signal(),
      });
      // A member without a leader answers with an error, which says nothing of the lock.
      if (!v3.ok) continue;
      const value = ((await v3.json()) as { kvs?: Array<{ value?: string }> }).kvs?.[0]?.value;
      if (value !== undefined) return { holder: Buffer.from(value, "base64").toString("utf8"), driver: "etcd3" };
      const v2 = await fetch(`http://${host}:${etcdPort}/v2/keys${key}?quorum=true`, { signal: signal() });
      // 404 is "no such key", and what an etcd without API v2 says.
      if (!v2.ok && v2.status !== 404) continue;
      const holder = v2.ok ? ((await v2.json()) as { node?: { value?: string } }).node?.value : undefined;
      return holder === undefined ? { holder: null, driver: null } : { holder, driver: "etcd" };
    } catch {
      continue;
    }
  }
  return undefined;
}
