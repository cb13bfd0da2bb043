import type { Redis } from "ioredis";
import { requireWholeNumber } from "../figure.ts";
import { startClientSchedule } from "../client-schedule.ts";
import type { ClientInfo, Operation } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { ProbeClient } from "../run-clients.ts";
import type { Schedule } from "../schedule.ts";
import { createTally } from "../tally.ts";
import { openEndpoint, type Endpoint } from "./endpoint.ts";
import type { MasterWatch } from "./master-watch.ts";
import { classifyReadError, classifyWriteError } from "./outcome.ts";
import type { RedisPods } from "./pods.ts";

/** Keys of a run; they expire by themselves should nobody remove them. */
export const keyOf = (runId: string, client: string): string => `aftershock:${runId}:${client}`;
/** The one key that all write clients set. */
export const sharedKeyOf = (runId: string): string => `aftershock:${runId}:shared`;
export const keyLifetimeSeconds = 86_400;

/** The four clients: two that write, and at each of the same two places one that reads. */
export function clientInfos(ratePerSecond: number, timeoutMs: number): ClientInfo[] {
  const common = { ratePerSecond, timeoutMs };
  return [
    { id: "follower", kind: "write", title: "Follows Sentinel: re-asks, checks the role, reconnects", ...common },
    { id: "pinned", kind: "write", title: "Keeps to the member that was master at the start", ...common },
    { id: "follower-reads", kind: "read", reads: "follower", title: "Reads where the follower writes", ...common },
    { id: "pinned-reads", kind: "read", reads: "pinned", title: "Reads where the pinned client writes", ...common },
  ];
}

export interface RedisClient extends ProbeClient {
  info: ClientInfo;
  endpoint: Endpoint;
}

/** Connects one client. A follower moves with the watch; a pinned one stays with `firstMaster`. */
export function openClient(options: {
  info: ClientInfo;
  pods: RedisPods;
  firstMaster: string;
  watch: MasterWatch;
  recorder: Recorder;
  runId: string;
}): RedisClient {
  const { info, recorder, watch } = options;
  const follows = info.id.startsWith("follower");
  const tally = createTally(info.id, info.kind);
  const endpoint = openEndpoint({
    pods: options.pods,
    pod: options.firstMaster,
    timeoutMs: info.timeoutMs,
    role: follows ? "master-only" : "any",
    onMember: (pod) =>
      recorder.event({ atMs: recorder.now(), source: info.id, event: "client-master", detail: { member: pod } }),
  });
  if (follows) watch.onChange((pod) => endpoint.moveTo(pod));
  const key = keyOf(options.runId, info.reads ?? info.id);
  const book = (operation: Operation): void => {
    recorder.operation(operation);
    tally.add(operation);
  };
  const base = (index: number, plannedMs: number) =>
    ({ type: "op", client: info.id, kind: info.kind, seq: index + 1, plannedMs, member: endpoint.member() }) as const;
  const send = async (index: number, plannedMs: number): Promise<void> => {
    const operation = base(index, plannedMs);
    const startMs = recorder.now();
    const redis = endpoint.redis();
    if (redis === null) {
      return book({ ...operation, startMs, endMs: startMs, outcome: "fail", error: endpoint.problem() });
    }
    try {
      const seen = info.kind === "write" ? await write(redis, key, operation.seq) : await read(redis, key);
      book({ ...operation, startMs, endMs: recorder.now(), outcome: "ok", ...(seen === null ? {} : { seen }) });
    } catch (error) {
      const judged = info.kind === "write" ? classifyWriteError(error) : classifyReadError(error);
      book({ ...operation, startMs, endMs: recorder.now(), ...judged });
    }
  };
  const begin = (): Schedule => startClientSchedule({ info, now: recorder.now, send, book, member: endpoint.member });
  const member = (): string | null => (endpoint.connected() ? endpoint.member() : null);
  return { info, endpoint, tally, member, begin, close: endpoint.close };
}

/** One list element a write, so that a value that was applied twice is seen twice. */
async function write(redis: Redis, key: string, seq: number): Promise<null> {
  await redis.rpush(key, String(seq));
  return null;
}

async function read(redis: Redis, key: string): Promise<number> {
  return requireWholeNumber((await redis.lindex(key, -1)) ?? 0, "the last element");
}
