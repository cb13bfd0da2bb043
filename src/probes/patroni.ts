import { consensusGuard, patroniConsensus, judgeConsensus } from "./consensus-guard.ts";
import { messageOf } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import type { ClientInfo } from "./history.ts";
import { patroniClient, patroniClients, tableOf } from "./patroni/clients.ts";
import { withMember } from "./patroni/connect.ts";
import { readPatroni } from "./patroni/final-reads.ts";
import { requirePatroniAccess } from "./patroni/access.ts";
import { judgePatroniGuard, type PatroniEvidence, type ReplicaLag } from "./patroni/guards.ts";
import {
  findPatroniPods,
  labelledPrimary,
  onlyPrimary,
  patroniDisagreements,
  viewPatroni,
  type PatroniPods,
  type PatroniView,
} from "./patroni/members.ts";
import { leaderLock, type LeaderLock } from "./patroni/lock.ts";
import { requireManager, type Managed } from "./patroni/manager.ts";
import { noEtcd, type NoEtcd } from "./patroni/no-etcd.ts";
import { noOnePrimary } from "./patroni/primary.ts";
import { watchReceivers } from "./patroni/receiver-watch.ts";
import { readPatroniSettings } from "./patroni/settings.ts";
import { watchPatroni } from "./patroni/watch.ts";
import { provePairs } from "./pairs.ts";
import type { Recorder } from "./recorder.ts";
import { createTelling, runClients, watchLoopDelay } from "./run-clients.ts";
import { noAnswerFrom, silentOf } from "./silent.ts";
import type {
  ConnectivityProof,
  RunningProbes,
  SystemAdapter,
  SystemContext,
  SystemSession,
  Topology,
} from "./system.ts";

const lookTimeoutMs = 1500;
const refreshEveryMs = 500;
const proofTimeoutMs = 5000;
/** After a take-over a member may just be starting; so long cleaning up waits for a primary. */
const primaryDeadlineMs = 30_000;

/** PostgreSQL under Patroni: a primary, its replicas, and the etcd that holds the leader lock. */
export const patroni: SystemAdapter = {
  name: "patroni",
  open: (context) => openPostgres(context, "patroni"),
};

/**
 * A session with PostgreSQL, whoever manages it, or `manager` alone: then throws AftershockError `not_supported_here` for
 * another's pods.
 */
export async function openPostgres(
  context: SystemContext,
  manager?: PatroniPods["manager"]["name"],
): Promise<SystemSession> {
  const members = await findPatroniPods(context);
  if (manager !== undefined) requireManager(members.manager, manager, members.pods[0]?.name ?? "");
  await requirePatroniAccess(context, members, lookTimeoutMs);
  return createSession(context, members);
}

function createSession(context: SystemContext, members: PatroniPods): SystemSession {
  const { runId, parameters } = context;
  const lock = leaderLock(context, members);
  const infos = patroniClients(
    Number(parameters["rate"] ?? 50),
    parseDurationMs(String(parameters["timeout"] ?? "2s")),
    members.manager.name,
  );
  // A run that asks for it is watched on though all agree: what a returned primary does, it may do only then.
  const settleMs = parameters["settle"] === undefined ? 0 : parseDurationMs(String(parameters["settle"]));
  const writers = infos.filter((info) => info.kind === "write").map((info) => info.id);
  const look = (): Promise<PatroniView[]> => viewPatroni(members, lookTimeoutMs);
  const primaryNow = async (): Promise<string> => {
    const primary = onlyPrimary(await look());
    if (primary !== null) return primary;
    throw noOnePrimary(members);
  };
  const primarySoon = async (): Promise<string> => {
    const end = performance.now() + primaryDeadlineMs;
    while (performance.now() < end && onlyPrimary(await look()) === null) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      await members.refresh().catch(() => undefined);
    }
    return primaryNow();
  };
  return {
    describe: async () => ({ clients: infos, members: members.pods.map((pod) => pod.name) }),
    topology: async () => topologyOf(await look(), members, noEtcd(context)),
    guard: async (id, bounds) =>
      id === consensusGuard
        ? judgeConsensus(await readPatroniSettings(members, lock), patroniConsensus)
        : judgePatroniGuard(id, await evidence(members, lock, look), bounds),
    settings: () => readPatroniSettings(members, lock),
    start: async (recorder) => startProbes({ members, lock, recorder, infos, runId, firstPrimary: await primaryNow() }),
    awaitConvergence: async (recorder, deadlineMs, signal) => {
      const end = recorder.now() + deadlineMs;
      const watchedAt = recorder.now() + settleMs;
      let agreedAtMs: number | null = null;
      for (;;) {
        const views = await look();
        signal.throwIfAborted();
        const problems = patroniDisagreements(views);
        agreedAtMs = problems.length === 0 ? (agreedAtMs ?? recorder.now()) : null;
        if (agreedAtMs !== null && recorder.now() >= Math.min(watchedAt, end)) {
          const primary = onlyPrimary(views);
          const timeline = views[0]?.timeline ?? "unknown";
          recorder.event({ atMs: agreedAtMs, source: "run", event: "converged", detail: { primary } });
          const summary = `primary ${primary}, timeline ${timeline}; all others stream from it`;
          return { converged: true, summary, atMs: agreedAtMs };
        }
        if (recorder.now() >= end) return { converged: false, summary: problems.join("; ") };
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    proveConnected: (left, right) => proveConnected(context, members, left, right),
    finalReads: async (recorder) => {
      await members.refresh();
      return readPatroni(members, runId, writers, recorder);
    },
    cleanUp: async () => {
      await withMember(members, await primarySoon(), (client) =>
        client.query(`drop table if exists ${tableOf(runId)}`),
      );
    },
    close: async () => undefined,
  };
}

async function evidence(
  members: PatroniPods,
  lock: LeaderLock,
  look: () => Promise<PatroniView[]>,
): Promise<PatroniEvidence> {
  // Its labels are the operator's word, which must be of now.
  if (members.manager.name === "cloudnative-pg") await members.refresh();
  const views = await look();
  const primary = onlyPrimary(views);
  const lag = primary === null ? null : await readLag(members, primary).catch(() => null);
  return {
    manager: members.manager,
    views,
    lag,
    labelled: labelledPrimary(members),
    lock: { object: lock.object, reading: await lock.read(lookTimeoutMs) },
  };
}

/** `replay_lag` is null on an idle server whose replica has everything (PostgreSQL manual, pg_stat_replication). */
async function readLag(members: PatroniPods, primary: string): Promise<Map<string, ReplicaLag>> {
  const text = `
    select application_name as pod, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as bytes,
      round(extract(epoch from replay_lag) * 1000)::float8 as ms
    from pg_stat_replication where state = 'streaming'`;
  return withMember(members, primary, async (client) => {
    const { rows } = await client.query<{ pod: string; bytes: number; ms: number | null }>(text);
    return new Map(rows.map(({ pod, bytes, ms }) => [pod, { bytes, lagMs: ms ?? (bytes === 0 ? 0 : null) }]));
  });
}

const ordinalOf = (pod: string): string | undefined => /-(\d+)$/.exec(pod)?.[1];

/** `absent`: what is said where there is no etcd, of Patroni. */
export function topologyOf(
  views: readonly PatroniView[],
  members: Pick<PatroniPods, "dcs"> & { manager: Pick<Managed, "name"> },
  absent: NoEtcd,
): Topology {
  const primary = onlyPrimary(views);
  const replicas = views.filter((view) => view.pod !== primary).map((view) => view.pod);
  const timeline = views.find((view) => view.pod === primary)?.timeline ?? "unknown";
  const silent = silentOf(views);
  const dcs = members.dcs.map((pod) => pod.name);
  const near = primary === null ? undefined : (dcs.find((name) => ordinalOf(name) === ordinalOf(primary)) ?? dcs[0]);
  return {
    groups: {
      // The primary and one etcd member, by ordinal its neighbour: a zone, or a machine, that both are on.
      "primary-zone": primary === null || near === undefined ? [] : [primary, near],
      "other-zone": primary === null || near === undefined ? [] : [...replicas, ...dcs.filter((name) => name !== near)],
      primary: primary === null ? [] : [primary],
      replicas: primary === null ? [] : replicas,
      dcs,
    },
    holders: views.map(({ pod }) => pod),
    silent,
    ...(dcs.length === 0 && members.manager.name === "patroni" ? { without: absent.without } : {}),
    summary: `primary ${primary ?? "unknown"}, replicas ${primary === null ? "unknown" : replicas.join(" ") || "none"}, timeline ${timeline}, ${managerText(members, absent)}${noAnswerFrom(silent)}`,
  };
}

function managerText({ manager, dcs }: Parameters<typeof topologyOf>[1], absent: NoEtcd): string {
  if (manager.name === "cloudnative-pg") return "by CloudNativePG";
  return dcs.length === 0 ? absent.summary : `${dcs.length} etcd members`;
}

async function startProbes(parts: {
  members: PatroniPods;
  lock: LeaderLock;
  recorder: Recorder;
  infos: readonly ClientInfo[];
  runId: string;
  firstPrimary: string;
}): Promise<RunningProbes> {
  const { members, lock, recorder, infos, runId, firstPrimary } = parts;
  const { tell, onEvent } = createTelling(recorder);
  const table = tableOf(runId);
  await withMember(members, firstPrimary, (client) =>
    client.query(`create table if not exists ${table} (client text, seq int, primary key (client, seq))`),
  );
  const watches = [
    watchLoopDelay(recorder),
    watchPatroni(members, lock, recorder.now, tell),
    watchReceivers(members, recorder.now, tell),
  ];
  const telling: Recorder = { ...recorder, event: tell };
  const clients = infos.map((info) => patroniClient({ info, members, firstPrimary, recorder: telling, runId }));
  // A client that is still connecting would begin with failures that say nothing about the system.
  await Promise.all(clients.map((client) => client.endpoint.tried));
  let labelled: string | undefined;
  const refresh = async (): Promise<void> => {
    await members.refresh();
    const now = labelledPrimary(members);
    if (now !== labelled) tell({ atMs: recorder.now(), source: "cluster", event: "endpoint", detail: { pods: now } });
    labelled = now;
  };
  void refresh().catch(() => undefined);
  return runClients({ recorder, onEvent, clients, refresh, refreshEveryMs, watches });
}

/** Has every pod of one side open a connection to every pod of the other, from inside; both ways between members. */
async function proveConnected(
  context: SystemContext,
  members: PatroniPods,
  left: readonly string[],
  right: readonly string[],
): Promise<ConnectivityProof> {
  const isDcs = (name: string): boolean => members.dcs.some((pod) => pod.name === name);
  const reach = async (from: string, to: string): Promise<ConnectivityProof["pairs"][number]> => {
    const path = `/dev/tcp/${members.addressOf(to)}/${members.listening(isDcs(to) ? "etcd" : "postgres").port}`;
    const command = ["timeout", "2", "bash", "-c", `exec 3<>${path}`];
    try {
      const result = await context.exec(from, command, proofTimeoutMs);
      const detail = result.exitCode === 0 ? "connected" : result.stderr.trim() || "no connection within 2 s";
      return { from, to, ok: result.exitCode === 0, detail };
    } catch (error) {
      return { from, to, ok: false, detail: messageOf(error), unasked: true };
    }
  };
  return provePairs(left, right, reach);
}
