import { monitorEventLoopDelay } from "node:perf_hooks";
import { consensusGuard, etcdConsensus, judgeConsensus } from "./consensus-guard.ts";
import { AftershockError, messageOf } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import { etcdClient, etcdClients, lastKey, padded, prefixOf } from "./etcd/clients.ts";
import { readEtcd } from "./etcd/final-reads.ts";
import { judgeEtcdGuard } from "./etcd/guards.ts";
import { base64, callEtcd, clientPort, prefixEnd, type Json } from "./etcd/http.ts";
import { agreedLeader, findMembers, viewMembers, type EtcdPods, type EtcdView } from "./etcd/members.ts";
import { readEtcdSettings } from "./etcd/settings.ts";
import { watchMembers } from "./etcd/watch.ts";
import type { ClientInfo, TimelineEvent } from "./history.ts";
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
const refreshEveryMs = 1000;
const proofTimeoutMs = 5000;

/** An etcd cluster: a leader, its followers, and a quorum. */
export const etcd: SystemAdapter = {
  name: "etcd",
  open: async (context) => createSession(context, await findMembers(context)),
};

function createSession(context: SystemContext, members: EtcdPods): SystemSession {
  const { runId, parameters, namespace } = context;
  const infos = etcdClients(Number(parameters["rate"] ?? 100), parseDurationMs(String(parameters["timeout"] ?? "1s")));
  const writers = infos.filter((info) => info.kind === "write").map((info) => info.id);
  const look = (): Promise<EtcdView[]> => viewMembers(members, lookTimeoutMs);
  const leaderHost = async (): Promise<string> => {
    const leader = agreedLeader(await look());
    if (leader !== null) return members.hostOf(leader);
    throw new AftershockError(
      "system_unreachable",
      "The etcd members do not agree on a leader.",
      `Look: kubectl exec ${members.pods[0]?.name ?? "etcd-0"} -n ${namespace} -- etcdctl endpoint status --cluster -w table`,
    );
  };
  return {
    describe: async () => ({ clients: infos, members: members.pods.map((pod) => pod.name) }),
    topology: async () => topologyOf(await look()),
    guard: async (id, bounds) =>
      id === consensusGuard
        ? judgeConsensus(await readEtcdSettings(members), etcdConsensus)
        : judgeEtcdGuard(
            id,
            { views: await look(), pods: members.pods, namespace, alarms: await readAlarms(members) },
            bounds,
          ),
    settings: () => readEtcdSettings(members),
    start: async (recorder) => startProbes(members, recorder, infos, runId, await leaderHost()),
    awaitConvergence: async (recorder, deadlineMs, signal) => {
      const end = recorder.now() + deadlineMs;
      for (;;) {
        const views = await look();
        signal.throwIfAborted();
        const problems = disagreements(views);
        if (problems.length === 0) {
          const leader = agreedLeader(views);
          recorder.event({ atMs: recorder.now(), source: "run", event: "converged", detail: { leader } });
          return { converged: true, summary: `leader ${leader}, term ${views[0]?.term}, ${views.length} members` };
        }
        if (recorder.now() >= end) return { converged: false, summary: problems.join("; ") };
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    proveConnected: (left, right) => proveConnected(context, members, left, right),
    finalReads: async (recorder) => {
      await members.refresh();
      return readEtcd(members, runId, writers, recorder);
    },
    cleanUp: async () => {
      const key = prefixOf(runId);
      const range = { key: base64(key), range_end: base64(prefixEnd(key)) };
      await callEtcd(await leaderHost(), "kv/deleterange", range, { timeoutMs: 10_000 });
    },
    close: async () => undefined,
  };
}

/** `majority` is the leader and as many followers, by name, as take the quorum along; `survivors` are the rest. */
export function topologyOf(views: readonly EtcdView[]): Topology {
  const leader = agreedLeader(views);
  const followers = views.filter((view) => view.pod !== leader).map((view) => view.pod);
  const inOrder = leader === null ? [] : [leader, ...followers];
  const quorum = Math.floor(views.length / 2) + 1;
  return {
    groups: {
      leader: leader === null ? [] : [leader],
      followers: leader === null ? [] : followers,
      members: views.map((view) => view.pod),
      majority: inOrder.slice(0, quorum),
      survivors: inOrder.slice(quorum),
    },
    summary: `leader ${leader ?? "unknown"}, followers ${followers.join(" ") || "none"}, term ${views[0]?.term ?? "unknown"}, quorum ${quorum} of ${views.length}`,
  };
}

/** What still differs; empty when every member answers, with one leader, in one term. */
export function disagreements(views: readonly EtcdView[]): string[] {
  const problems = views.filter((view) => !view.reachable).map((view) => `${view.pod} does not answer`);
  for (const view of views) if (view.reachable && view.leader === null) problems.push(`${view.pod} has no leader`);
  if (problems.length === 0 && agreedLeader(views) === null) problems.push("the members name different leaders");
  if (problems.length === 0 && new Set(views.map((view) => view.term)).size > 1) problems.push("terms differ");
  return problems;
}

async function readAlarms(members: EtcdPods): Promise<string[] | null> {
  const host = members.pods[0]?.host ?? "";
  const answer = await callEtcd(host, "maintenance/alarm", { action: "GET" }, { timeoutMs: lookTimeoutMs }).catch(
    () => null,
  );
  if (answer === null) return null;
  return Array.isArray(answer["alarms"])
    ? (answer["alarms"] as Json[]).map((alarm) => `${String(alarm["alarm"])} of member ${String(alarm["memberID"])}`)
    : [];
}

async function startProbes(
  members: EtcdPods,
  recorder: Recorder,
  infos: readonly ClientInfo[],
  runId: string,
  leaderHost: string,
): Promise<RunningProbes> {
  const listeners: Array<(event: TimelineEvent) => void> = [];
  const tell = (event: Omit<TimelineEvent, "type">): void => {
    recorder.event(event);
    for (const listener of listeners) listener({ type: "event", ...event });
  };
  for (const { id, kind } of infos) {
    if (kind !== "write") continue;
    const register = { key: base64(lastKey(runId, id)), value: base64(padded(0)) };
    await callEtcd(leaderHost, "kv/put", register, { timeoutMs: lookTimeoutMs });
  }
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const watch = watchMembers(members, runId, recorder.now, tell);
  const clients = infos.map((info) => etcdClient({ info, members, recorder, runId }));
  const schedules = clients.map((client) => client.begin());
  // A killed pod comes back elsewhere; a failed look is tried again.
  const refreshing = setInterval(() => void members.refresh().catch(() => undefined), refreshEveryMs);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(refreshing);
    for (const report of await Promise.all(schedules.map((schedule) => schedule.stop()))) recorder.schedule(report);
    watch.stop();
    loop.disable();
    recorder.loopDelay({ type: "loop-delay", p99Ms: loop.percentile(99) / 1e6, maxMs: loop.max / 1e6 });
  };
  return {
    status: () => ({
      atMs: recorder.now(),
      clients: clients.map(({ tally, member }) => tally.status(recorder.now(), member())),
    }),
    onEvent: (listener) => listeners.push(listener),
    stop: () => (stopping ??= stop()),
  };
}

/** Has every pod of one side ask every pod of the other for its health, from inside the pods, in both directions. */
async function proveConnected(
  context: SystemContext,
  members: EtcdPods,
  left: readonly string[],
  right: readonly string[],
): Promise<ConnectivityProof> {
  const ask = async (from: string, to: string): Promise<ConnectivityProof["pairs"][number]> => {
    const endpoint = `http://${members.hostOf(to)}:${clientPort}`;
    const command = ["etcdctl", "--endpoints", endpoint, "--command-timeout", "3s", "endpoint", "status"];
    try {
      const result = await context.exec(from, command, proofTimeoutMs);
      const detail = result.exitCode === 0 ? "answered" : result.stderr.trim() || `exit code ${result.exitCode}`;
      return { from, to, ok: result.exitCode === 0, detail };
    } catch (error) {
      return { from, to, ok: false, detail: messageOf(error), unasked: true };
    }
  };
  return provePairs(left, right, ask);
}
