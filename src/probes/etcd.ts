import { consensusGuard, etcdConsensus, judgeConsensus } from "./consensus-guard.ts";
import { AftershockError } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import { etcdClient, etcdClients, lastKey, padded, prefixOf } from "./etcd/clients.ts";
import { readEtcd } from "./etcd/final-reads.ts";
import { judgeEtcdGuard } from "./etcd/guards.ts";
import { requireAdmission } from "./etcd/admission.ts";
import { base64, prefixEnd, type Json } from "./etcd/http.ts";
import { agreedLeader, findMembers, viewMembers, type EtcdPods, type EtcdView } from "./etcd/members.ts";
import { proveMembersConnected } from "./etcd/prove-connected.ts";
import { readEtcdSettings } from "./etcd/settings.ts";
import { watchMembers } from "./etcd/watch.ts";
import type { ClientInfo } from "./history.ts";
import type { Recorder } from "./recorder.ts";
import { createTelling, runClients, watchLoopDelay } from "./run-clients.ts";
import { noAnswerFrom, silentOf } from "./silent.ts";
import type { RunningProbes, SystemAdapter, SystemContext, SystemSession, Topology } from "./system.ts";

const lookTimeoutMs = 1500;
const refreshEveryMs = 1000;

/** An etcd cluster: a leader, its followers, and a quorum. */
export const etcd: SystemAdapter = {
  name: "etcd",
  open: async (context) => {
    const members = await findMembers(context);
    try {
      await requireAdmission(context, members);
    } catch (error) {
      await members.close();
      throw error;
    }
    return createSession(context, members);
  },
};

function createSession(context: SystemContext, members: EtcdPods): SystemSession {
  const { runId, parameters, namespace } = context;
  const infos = etcdClients(Number(parameters["rate"] ?? 100), parseDurationMs(String(parameters["timeout"] ?? "1s")));
  const writers = infos.filter((info) => info.kind === "write").map((info) => info.id);
  const look = (): Promise<EtcdView[]> => viewMembers(members, lookTimeoutMs);
  const leaderPod = async (): Promise<string> => {
    const leader = agreedLeader(await look());
    if (leader !== null) return leader;
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
    start: async (recorder) => startProbes(members, recorder, infos, runId, await leaderPod()),
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
    proveConnected: (left, right) => proveMembersConnected(context, members, left, right),
    finalReads: async (recorder) => {
      await members.refresh();
      return readEtcd(members, runId, writers, recorder);
    },
    cleanUp: async () => {
      const key = prefixOf(runId);
      const range = { key: base64(key), range_end: base64(prefixEnd(key)) };
      await members.call(await leaderPod(), "kv/deleterange", range, { timeoutMs: 10_000 });
    },
    close: () => members.close(),
  };
}

/** `majority` is the leader and as many followers, by name, as take the quorum along; `survivors` are the rest. */
export function topologyOf(views: readonly EtcdView[]): Topology {
  const leader = agreedLeader(views);
  const followers = views.filter((view) => view.pod !== leader).map((view) => view.pod);
  const silent = silentOf(views);
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
    silent,
    summary: `leader ${leader ?? "unknown"}, followers ${leader === null ? "unknown" : followers.join(" ") || "none"}, term ${views[0]?.term ?? "unknown"}, quorum ${quorum} of ${views.length}${noAnswerFrom(silent)}`,
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
  const question = { action: "GET" };
  const answer = await members
    .call(members.pods[0]?.name ?? "", "maintenance/alarm", question, { timeoutMs: lookTimeoutMs })
    .catch(() => null);
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
  leader: string,
): Promise<RunningProbes> {
  const { tell, onEvent } = createTelling(recorder);
  for (const { id, kind } of infos) {
    if (kind !== "write") continue;
    const register = { key: base64(lastKey(runId, id)), value: base64(padded(0)) };
    await members.call(leader, "kv/put", register, { timeoutMs: lookTimeoutMs });
  }
  const loop = watchLoopDelay(recorder);
  const watch = watchMembers(members, runId, recorder.now, tell);
  const clients = infos.map((info) => etcdClient({ info, members, recorder, runId }));
  return runClients({ recorder, onEvent, clients, refresh: members.refresh, refreshEveryMs, watches: [watch, loop] });
}
