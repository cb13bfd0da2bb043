import { monitorEventLoopDelay } from "node:perf_hooks";
import { consensusGuard, sentinelConsensus, judgeConsensus } from "./consensus-guard.ts";
import { AftershockError } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import type { TimelineEvent } from "./history.ts";
import { clientInfos, keyLifetimeSeconds, keyOf, openClient, sharedKeyOf } from "./redis-sentinel/clients.ts";
import { withConnection } from "./redis-sentinel/connection.ts";
import { awaitConvergence } from "./redis-sentinel/convergence.ts";
import { readEverything } from "./redis-sentinel/final-reads.ts";
import { judgeGuard } from "./redis-sentinel/guards.ts";
import { startMasterWatch } from "./redis-sentinel/master-watch.ts";
import { findPods, type RedisPods } from "./redis-sentinel/pods.ts";
import { proveConnected } from "./redis-sentinel/prove-connected.ts";
import { watchRoles } from "./redis-sentinel/role-watch.ts";
import { watchSentinels } from "./redis-sentinel/sentinel-events.ts";
import { readSettings } from "./redis-sentinel/settings.ts";
import { readSharedKey, startSharedKey } from "./redis-sentinel/shared-key.ts";
import { agreedMaster, viewMembers, viewSentinels } from "./redis-sentinel/views.ts";
import type { Recorder } from "./recorder.ts";
import type { RunningProbes, SystemAdapter, SystemContext, SystemSession, Topology } from "./system.ts";

const lookTimeoutMs = 1500;
const refreshEveryMs = 1000;

/** Redis with Sentinel: a master, its replicas, and the Sentinels that watch them. */
export const redisSentinel: SystemAdapter = {
  name: "redis-sentinel",
  open: async (context) => createSession(context, await findPods(context)),
};

function createSession(context: SystemContext, pods: RedisPods): SystemSession {
  const { runId, parameters } = context;
  const infos = clientInfos(Number(parameters["rate"] ?? 100), parseDurationMs(String(parameters["timeout"] ?? "1s")));
  const writers = infos.filter((info) => info.kind === "write").map((info) => info.id);
  const look = async () => {
    const [members, sentinels] = await Promise.all([
      viewMembers(pods, lookTimeoutMs),
      viewSentinels(pods, lookTimeoutMs),
    ]);
    return { members, sentinels };
  };
  const masterNow = async (): Promise<string> => {
    const { members, sentinels } = await look();
    const master = agreedMaster(sentinels) ?? members.find((member) => member.role === "master")?.pod;
    if (master !== undefined) return master;
    throw new AftershockError(
      "system_unreachable",
      "Neither the Sentinels nor the Redis members name a master.",
      `Look: kubectl exec ${pods.sentinels[0]?.name ?? "redis-sentinel-0"} -n ${context.namespace} -- redis-cli -p ${pods.sentinelPort} SENTINEL masters`,
    );
  };
  return {
    describe: async () => ({ clients: infos, members: pods.data.map((pod) => pod.name) }),
    topology: async () => topologyOf(await look()),
    guard: async (id, bounds) =>
      id === consensusGuard
        ? judgeConsensus(await readSettings(pods), sentinelConsensus)
        : judgeGuard(id, await look(), bounds),
    settings: () => readSettings(pods),
    start: async (recorder) => startProbes(pods, recorder, infos, await masterNow(), runId),
    awaitConvergence: (recorder, deadlineMs, signal) => awaitConvergence(pods, recorder, deadlineMs, signal),
    proveConnected: (left, right) => proveConnected(context, pods, left, right),
    finalReads: async (recorder) => {
      await pods.refresh();
      await readSharedKey(pods, runId, recorder);
      return readEverything(pods, runId, writers, recorder.now);
    },
    cleanUp: async () => {
      const master = await masterNow();
      const host = pods.data.find((pod) => pod.name === master)?.host ?? master;
      await withConnection({ host, port: pods.dataPort, timeoutMs: lookTimeoutMs }, (redis) =>
        redis.unlink(sharedKeyOf(runId), ...writers.map((writer) => keyOf(runId, writer))),
      );
    },
    close: async () => undefined,
  };
}

function topologyOf(views: Parameters<typeof judgeGuard>[1]): Topology {
  const { members, sentinels } = views;
  const agreed = agreedMaster(sentinels);
  // Who is master is what the Sentinels act on; a member's own word decides only when they are silent.
  const master = agreed ?? members.find((member) => member.role === "master")?.pod;
  const replicas = members.filter((member) => member.pod !== master).map((member) => member.pod);
  const names = sentinels.map((sentinel) => sentinel.pod);
  const quorum = sentinels.find((sentinel) => sentinel.quorum !== null)?.quorum ?? "unknown";
  return {
    groups: { master: master === undefined ? [] : [master], replicas, sentinels: names },
    summary: `master ${master ?? "unknown"}, replicas ${replicas.join(" ") || "none"}, ${names.length} Sentinels, quorum ${quorum}`,
  };
}

async function startProbes(
  pods: RedisPods,
  recorder: Recorder,
  infos: ReturnType<typeof clientInfos>,
  firstMaster: string,
  runId: string,
): Promise<RunningProbes> {
  const listeners: Array<(event: TimelineEvent) => void> = [];
  const tell = (event: Omit<TimelineEvent, "type">): void => {
    recorder.event(event);
    for (const listener of listeners) listener({ type: "event", ...event });
  };
  const host = pods.data.find((pod) => pod.name === firstMaster)?.host ?? firstMaster;
  await prepareKeys(pods, host, infos, runId);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const watch = startMasterWatch(pods, firstMaster);
  const sentinels = watchSentinels(pods, (event) => {
    tell({ atMs: recorder.now(), ...event });
    const to = event.event === "+switch-master" ? event.detail["to"] : undefined;
    if (typeof to === "string") watch.switched(to);
  });
  const roles = watchRoles(pods, recorder.now, tell);
  await sentinels.ready;
  const telling: Recorder = { ...recorder, event: tell };
  const clients = infos.map((info) => openClient({ info, pods, firstMaster, watch, recorder: telling, runId }));
  // A client that is still connecting would begin with failures that say nothing about the system.
  await Promise.all(clients.map((client) => client.endpoint.tried));
  const schedules = clients.map((client) => client.begin());
  const shared = startSharedKey(clients, runId, recorder);
  // A killed pod comes back elsewhere; its address is looked up again and again. A failed look is tried again.
  const refreshing = setInterval(() => void pods.refresh().catch(() => undefined), refreshEveryMs);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    shared.stop();
    clearInterval(refreshing);
    for (const report of await Promise.all(schedules.map((schedule) => schedule.stop()))) recorder.schedule(report);
    for (const client of clients) client.endpoint.close();
    watch.stop();
    sentinels.stop();
    roles.stop();
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

/** An element and a lifetime for each list, so that a forgotten key ends by itself; value 0 is no write's. */
async function prepareKeys(
  pods: RedisPods,
  host: string,
  infos: ReturnType<typeof clientInfos>,
  runId: string,
): Promise<void> {
  await withConnection({ host, port: pods.dataPort, timeoutMs: lookTimeoutMs }, async (redis) => {
    for (const info of infos.filter(({ kind }) => kind === "write")) {
      const key = keyOf(runId, info.id);
      await redis.multi().del(key).rpush(key, "0").expire(key, keyLifetimeSeconds).exec();
    }
  });
}
