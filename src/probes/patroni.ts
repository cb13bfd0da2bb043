import { monitorEventLoopDelay } from "node:perf_hooks";
import { consensusGuard, patroniConsensus, judgeConsensus } from "./consensus-guard.ts";
import { messageOf } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import type { ClientInfo, TimelineEvent } from "./history.ts";
import { patroniClient, patroniClients, tableOf } from "./patroni/clients.ts";
import { readPatroni, withMember } from "./patroni/final-reads.ts";
import { judgePatroniGuard, type PatroniEvidence, type ReplicaLag } from "./patroni/guards.ts";
import {
  etcdPort,
  findPatroniPods,
  labelledPrimary,
  lockHolder,
  onlyPrimary,
  patroniDisagreements,
  postgresPort,
  viewPatroni,
  type PatroniPods,
  type PatroniView,
} from "./patroni/members.ts";
import { noOnePrimary } from "./patroni/primary.ts";
import { watchReceivers } from "./patroni/receiver-watch.ts";
import { readPatroniSettings } from "./patroni/settings.ts";
import { watchPatroni } from "./patroni/watch.ts";
import { provePairs } from "./pairs.ts";
import type { Recorder } from "./recorder.ts";
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
  open: async (context) => createSession(context, await findPatroniPods(context)),
};

function createSession(context: SystemContext, members: PatroniPods): SystemSession {
  const { runId, parameters, namespace } = context;
  const infos = patroniClients(
    Number(parameters["rate"] ?? 50),
    parseDurationMs(String(parameters["timeout"] ?? "2s")),
  );
  // A run that asks for it is watched on though all agree: what a returned primary does, it may do only then.
  const settleMs = parameters["settle"] === undefined ? 0 : parseDurationMs(String(parameters["settle"]));
  const writers = infos.filter((info) => info.kind === "write").map((info) => info.id);
  const look = (): Promise<PatroniView[]> => viewPatroni(members, lookTimeoutMs);
  const primaryNow = async (): Promise<string> => {
    const primary = onlyPrimary(await look());
    if (primary !== null) return primary;
    throw noOnePrimary(members, namespace);
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
    topology: async () => topologyOf(await look(), members),
    guard: async (id, bounds) =>
      id === consensusGuard
        ? judgeConsensus(await readPatroniSettings(members), patroniConsensus)
        : judgePatroniGuard(id, await evidence(members, await look()), bounds),
    settings: () => readPatroniSettings(members),
    start: async (recorder) => startProbes(members, recorder, infos, runId, await primaryNow()),
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

async function evidence(members: PatroniPods, views: PatroniView[]): Promise<PatroniEvidence> {
  const primary = onlyPrimary(views);
  const lag = primary === null ? null : await readLag(members, primary).catch(() => null);
  return { views, lag, lockHolder: await lockHolder(members, lookTimeoutMs), hasDcs: members.dcs.length > 0 };
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

function topologyOf(views: readonly PatroniView[], members: PatroniPods): Topology {
  const primary = onlyPrimary(views);
  const replicas = views.filter((view) => view.pod !== primary).map((view) => view.pod);
  const timeline = views.find((view) => view.pod === primary)?.timeline ?? "unknown";
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
    summary: `primary ${primary ?? "unknown"}, replicas ${replicas.join(" ") || "none"}, timeline ${timeline}, ${members.dcs.length} etcd members`,
  };
}

async function startProbes(
  members: PatroniPods,
  recorder: Recorder,
  infos: readonly ClientInfo[],
  runId: string,
  firstPrimary: string,
): Promise<RunningProbes> {
  const listeners: Array<(event: TimelineEvent) => void> = [];
  const tell = (event: Omit<TimelineEvent, "type">): void => {
    recorder.event(event);
    for (const listener of listeners) listener({ type: "event", ...event });
  };
  const table = tableOf(runId);
  await withMember(members, firstPrimary, (client) =>
    client.query(`create table if not exists ${table} (client text, seq int, primary key (client, seq))`),
  );
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const watches = [watchPatroni(members, recorder.now, tell), watchReceivers(members, recorder.now, tell)];
  const telling: Recorder = { ...recorder, event: tell };
  const clients = infos.map((info) => patroniClient({ info, members, firstPrimary, recorder: telling, runId }));
  // A client that is still connecting would begin with failures that say nothing about the system.
  await Promise.all(clients.map((client) => client.endpoint.tried));
  const schedules = clients.map((client) => client.begin());
  // A killed pod comes back elsewhere; a failed look is tried again.
  let labelled: string | undefined;
  const refresh = async (): Promise<void> => {
    await members.refresh();
    const now = labelledPrimary(members);
    if (now !== labelled) tell({ atMs: recorder.now(), source: "cluster", event: "endpoint", detail: { pods: now } });
    labelled = now;
  };
  const refreshing = setInterval(() => void refresh().catch(() => undefined), refreshEveryMs);
  void refresh().catch(() => undefined);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(refreshing);
    for (const report of await Promise.all(schedules.map((schedule) => schedule.stop()))) recorder.schedule(report);
    for (const client of clients) client.endpoint.close();
    for (const watch of watches) watch.stop();
    loop.disable();
    recorder.loopDelay({ type: "loop-delay", p99Ms: loop.percentile(99) / 1e6, maxMs: loop.max / 1e6 });
  };
  return {
    status: () => ({
      atMs: recorder.now(),
      clients: clients.map(({ tally, endpoint }) =>
        tally.status(recorder.now(), endpoint.connected() ? endpoint.member() : null),
      ),
    }),
    onEvent: (listener) => listeners.push(listener),
    stop: () => (stopping ??= stop()),
  };
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
    const path = `/dev/tcp/${members.hostOf(to)}/${isDcs(to) ? etcdPort : postgresPort}`;
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
