import pg from "pg";
import type { LabObject, ObjectStore, PodRuntime } from "../objects.ts";
import { asList } from "../runtime/pod-spec.ts";
import { mostAdvanced, type InstanceState } from "./cnpg-election.ts";
import { tellCommand } from "./cnpg-instance.ts";
import { startPolling } from "./poll.ts";

const pollEveryMs = 500;
const connectTimeoutMs = 1500;
const answerTimeoutMs = 1000;
/**
 * So long a primary must have been silent, looked at from a replica that answers. It stands for the primary's lease, which
 * a killed primary does not give back: 15 s by default since CloudNativePG 1.30 (docs/src/failover.md, primaryLease), less
 * here, so that runs are short. Before 1.30 there was no such wait.
 */
const leaseMs = 5000;

const question = `
  select not pg_is_in_recovery() as primary,
    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::float8 as received,
    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::float8 as replayed,
    exists(select from pg_stat_wal_receiver where status = 'streaming') as receiving,
    (select count(*) from pg_stat_replication where state = 'streaming')::int as replicas`;

/** The operator of one cluster. */
export interface CnpgOperator {
  /** True when every instance answers, and all replicas stream from the primary. */
  formed(): boolean;
  stop(): void;
}

/**
 * Stands for CloudNativePG's operator, which cannot run here: it tells the instances who is primary, keeps the role
 * labels that services select by, and fails over from a primary that is lost. As the operator does (v1.30.0,
 * reconcileTargetPrimaryForNonReplicaCluster in internal/controller/replicas.go) it first takes the label from the old
 * primary and has it stopped, waits until no replica receives from it, and promotes the one that has most of the log. It
 * does no switchovers, and a primary that is back within `leaseMs` goes on.
 */
export function startCnpgOperator(options: {
  store: ObjectStore;
  runtime: Pick<PodRuntime, "exec">;
  namespace: string;
  cluster: string;
  firstPrimary: string;
  password: string;
  log: (message: string) => void;
}): CnpgOperator {
  const { store, runtime, namespace, cluster, log } = options;
  let primary = options.firstPrimary;
  /** When a replica answered first and the primary did not; null: it does since. */
  let lostAtMs: number | null = null;
  let failingOver = false;
  let states: readonly InstanceState[] = [];
  const clients = new Map<string, pg.Client>();
  /** What each pod was told, by uid. */
  const told = new Map<string, string>();

  const podsNow = (): LabObject[] =>
    store.list("Pod", namespace).filter(({ metadata }) => metadata.labels?.["cnpg.io/cluster"] === cluster);
  const drop = (host: string, client: pg.Client): void => {
    if (clients.get(host) === client) clients.delete(host);
    client.removeAllListeners("end");
    void client.end().catch(() => undefined);
    (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
  };
  const clientOf = async (host: string): Promise<pg.Client> => {
    const known = clients.get(host);
    if (known !== undefined) return known;
    const client = new pg.Client({
      host,
      user: "postgres",
      database: "postgres",
      password: options.password,
      application_name: "cloudnative-pg",
      // The operator asks instance managers, and never its own network's honesty; neither does this.
      ssl: { rejectUnauthorized: false },
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: answerTimeoutMs,
    });
    client.on("error", () => drop(host, client));
    client.on("end", () => drop(host, client));
    try {
      await client.connect();
    } catch (error) {
      drop(host, client);
      throw error;
    }
    clients.set(host, client);
    return client;
  };
  const ask = async (pod: LabObject): Promise<InstanceState> => {
    const { name } = pod.metadata;
    const host = String(pod.status?.["podIP"] ?? "");
    try {
      if (host === "" || !isRunning(pod)) throw new Error("not running");
      const client = await clientOf(host);
      const { rows } = await client.query<Row>(question).catch((error: unknown) => {
        drop(host, client);
        throw error;
      });
      const [row] = rows;
      if (row === undefined) return { name, answer: null };
      const { received, replayed, ...answer } = row;
      return { name, answer: { ...answer, receivedBytes: received, replayedBytes: replayed } };
    } catch {
      return { name, answer: null };
    }
  };
  const tell = async (pods: readonly LabObject[]): Promise<void> => {
    await Promise.all(
      pods.filter(isRunning).map(async ({ metadata: { uid, name } }) => {
        if (told.get(uid) === primary) return;
        const wanted = primary;
        const asked = { namespace, pod: name, command: tellCommand(wanted), stdin: false, tty: false };
        const ran = await runtime.exec(asked).catch(() => null);
        ran?.stdout.resume();
        ran?.stderr?.resume();
        if (ran !== null && (await ran.exited) === 0) told.set(uid, wanted);
      }),
    );
  };
  const label = ({ metadata: { name, uid } }: LabObject, role: string): void => {
    const key = { kind: "Pod", namespace, name };
    const now = store.get(key);
    if (now?.metadata.uid !== uid || now.metadata.labels?.["cnpg.io/instanceRole"] === role) return;
    store.update(key, (copy) => {
      copy.metadata.labels = {
        ...copy.metadata.labels,
        "cnpg.io/instanceName": name,
        "cnpg.io/instanceRole": role,
        role,
      };
    });
  };
  const answerOf = (name: string) => states.find((state) => state.name === name)?.answer ?? null;

  /** To whoever is to be the primary. */
  const command = async (pods: readonly LabObject[], text: string): Promise<void> => {
    const host = String(pods.find(({ metadata }) => metadata.name === primary)?.status?.["podIP"] ?? "");
    await (await clientOf(host)).query(text);
  };
  const failOver = async (pods: readonly LabObject[]): Promise<void> => {
    const chosen = mostAdvanced(states, primary);
    if (chosen === null) return;
    const old = primary;
    log(`${namespace}/${cluster}: ${old} is lost; failing over to ${chosen}`);
    for (const pod of pods) if (pod.metadata.name === old) label(pod, "unhealthy");
    primary = chosen;
    lostAtMs = null;
    failingOver = true;
    await tell(pods);
    await command(pods, "select pg_promote(false)");
  };
  const poll = async (): Promise<void> => {
    const pods = podsNow();
    if (pods.length === 0) return;
    await tell(pods);
    states = await Promise.all(pods.map(ask));
    const leads = answerOf(primary)?.primary === true;
    if (leads) {
      lostAtMs = null;
      for (const pod of pods) label(pod, pod.metadata.name === primary ? "primary" : "replica");
      // For pg_rewind (PromoteAndWait in pkg/management/postgres/promote.go, v1.30.0).
      if (failingOver) await command(pods, "checkpoint");
      failingOver = false;
      return;
    }
    // One that was chosen is on its way; asked again, should the first word have been lost.
    if (failingOver && answerOf(primary) !== null) return command(pods, "select pg_promote(false)");
    const replicaAnswers = states.some(({ name, answer }) => name !== primary && answer !== null);
    // While nobody answers, nothing is known: the count goes on, and nothing is done.
    if (!replicaAnswers) return;
    lostAtMs ??= performance.now();
    if (performance.now() - lostAtMs >= leaseMs) await failOver(pods);
  };

  const polling = startPolling(pollEveryMs, poll);
  return {
    formed: () => states.length > 1 && answerOf(primary)?.replicas === states.length - 1,
    stop: () => {
      polling.stop();
      for (const [host, client] of clients) drop(host, client);
    },
  };
}

interface Row {
  primary: boolean;
  received: number;
  replayed: number;
  receiving: boolean;
  replicas: number;
}

function isRunning(pod: LabObject): boolean {
  const [container] = asList(pod.status?.["containerStatuses"]);
  return container !== undefined && (container["state"] as { running?: unknown } | undefined)?.running !== undefined;
}
