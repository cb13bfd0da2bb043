import { consensusGuard, sentinelConsensus, judgeConsensus } from "./consensus-guard.ts";
import { AftershockError } from "../errors.ts";
import { parseDurationMs } from "../experiment/duration.ts";
import { redisRefusal, requireRedisAccess } from "./redis-sentinel/access.ts";
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
import { notAdmitted } from "./admission.ts";
import { createTelling, runClients, watchLoopDelay } from "./run-clients.ts";
import { noAnswerFrom, silentOf } from "./silent.ts";
import type { RunningProbes, SystemAdapter, SystemContext, SystemSession, Topology } from "./system.ts";

const lookTimeoutMs = 1500;
const refreshEveryMs = 1000;

/** Redis with Sentinel: a master, its replicas, and the Sentinels that watch them. */
export const redisSentinel: SystemAdapter = {
  name: "redis-sentinel",
  open: async (context) => {
    const pods = await findPods(context);
    await requireRedisAccess(context, pods, lookTimeoutMs);
    return createSession(context, pods);
  },
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
    const views = await look();
    const master = masterOf(views);
    if (master !== null) return master;
    throw new AftershockError(
      "system_unreachable",
      `Neither the Sentinels nor the Redis members name one master${noAnswerFrom(silentOf([...views.members, ...views.sentinels]))}.`,
      `Look: kubectl exec ${pods.sentinels[0]?.name ?? "redis-sentinel-0"} -n ${context.namespace} -- redis-cli -p ${pods.listening("sentinel").port} SENTINEL masters`,
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
    start: async (recorder) => startProbes(context, pods, recorder, infos, await masterNow()),
    awaitConvergence: (recorder, deadlineMs, signal) => awaitConvergence(pods, recorder, deadlineMs, signal),
    proveConnected: (left, right) => proveConnected(context, pods, left, right),
    finalReads: async (recorder) => {
      await pods.refresh();
      await readSharedKey(pods, runId, recorder);
      return readEverything(pods, runId, writers, recorder.now);
    },
    cleanUp: async () => {
      const master = await masterNow();
      await withConnection(pods.dial("redis", master), lookTimeoutMs, (redis) =>
        redis.unlink(sharedKeyOf(runId), ...writers.map((writer) => keyOf(runId, writer))),
      );
    },
    close: async () => undefined,
  };
}

/**
 * Who is master is what the Sentinels act on; a member's own word decides only without their majority, and only when it
 * alone says so of members who all answer: the one that is silent may be the master, and the one that speaks an old one.
 */
function masterOf({ members, sentinels }: Pick<Parameters<typeof judgeGuard>[1], "members" | "sentinels">) {
  const agreed = agreedMaster(sentinels);
  if (agreed !== null) return agreed;
  const [only, second] = members.filter((member) => member.role === "master");
  const known = second === undefined && members.every((member) => member.reachable);
  return known ? (only?.pod ?? null) : null;
}

function topologyOf(views: Parameters<typeof judgeGuard>[1]): Topology {
  const { members, sentinels } = views;
  const master = masterOf(views);
  const replicas = master === null ? [] : members.map(({ pod }) => pod).filter((pod) => pod !== master);
  const silent = silentOf([...members, ...sentinels]);
  const beside = sentinels.some((sentinel) => sentinel.pod === master);
  const quorum = sentinels.find((sentinel) => sentinel.quorum !== null)?.quorum ?? "unknown";
  return {
    groups: {
      master: master === null ? [] : [master],
      replicas,
      // Where Sentinels share the members' pods, the master's own goes wherever its pod goes: a fault has each pod on one side.
      sentinels: sentinels.map((sentinel) => sentinel.pod).filter((pod) => pod !== master),
    },
    holders: members.map(({ pod }) => pod),
    silent,
    summary: `master ${master ?? "unknown"}, replicas ${replicas.join(" ") || (master === null ? "unknown" : "none")}, ${sentinels.length} Sentinels${beside ? " (one in the master's pod)" : ""}, quorum ${quorum}${noAnswerFrom(silent)}`,
  };
}

async function startProbes(
  context: Pick<SystemContext, "parameters" | "runId">,
  pods: RedisPods,
  recorder: Recorder,
  infos: ReturnType<typeof clientInfos>,
  firstMaster: string,
): Promise<RunningProbes> {
  const { tell, onEvent } = createTelling(recorder);
  await prepareKeys(context, pods, firstMaster, infos);
  const loop = watchLoopDelay(recorder);
  const watch = startMasterWatch(pods, firstMaster);
  const { runId } = context;
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
  const watches = [watch, sentinels, roles, loop];
  const running = runClients({ recorder, onEvent, clients, refresh: pods.refresh, refreshEveryMs, watches });
  const shared = startSharedKey(clients, runId, recorder);
  return {
    ...running,
    stop: () => {
      shared.stop();
      return running.stop();
    },
  };
}

/**
 * An element and a lifetime for each list, so that a forgotten key ends by itself; value 0 is no write's. Throws
 * AftershockError `system_unreachable` where the probes' user may not write.
 */
async function prepareKeys(
  context: Pick<SystemContext, "parameters" | "runId">,
  pods: RedisPods,
  master: string,
  infos: ReturnType<typeof clientInfos>,
): Promise<void> {
  const dial = await pods.dial("redis", master);
  await withConnection(dial, lookTimeoutMs, async (redis) => {
    for (const info of infos.filter(({ kind }) => kind === "write")) {
      const key = keyOf(context.runId, info.id);
      for (const command of [
        ["DEL", key],
        ["RPUSH", key, "0"],
        ["EXPIRE", key, keyLifetimeSeconds],
      ] as const) {
        const [name, ...rest] = command;
        await redis.call(name, ...rest);
      }
    }
  }).catch((error: unknown) => {
    const refusal = redisRefusal(error, "redis");
    if (refusal === null || refusal === "hung-up") throw error;
    throw notAdmitted(context, { part: "redis", pod: master, dial }, refusal);
  });
}
