import { AftershockError } from "../../errors.ts";
import type { GuardResult } from "../system.ts";
import { agreedMaster, type MemberView, type SentinelView } from "./views.ts";

export interface RedisViews {
  members: readonly MemberView[];
  sentinels: readonly SentinelView[];
}

type Bounds = Readonly<Record<string, number>>;

/** Guards of Redis with Sentinel, pure over what the servers said. */
const guards: Readonly<Record<string, (views: RedisViews, bounds: Bounds) => GuardResult>> = {
  "one-master": ({ members, sentinels }) => {
    const masters = members.filter((member) => member.role === "master").map((member) => member.pod);
    const agreed = agreedMaster(sentinels);
    const voters = sentinels.filter((sentinel) => sentinel.master !== null && sentinel.master === agreed).length;
    const silent = members.filter((member) => !member.reachable).map((member) => member.pod);
    return {
      ok: masters.length === 1 && masters[0] === agreed && silent.length === 0,
      measured:
        `master by its own word: ${masters.join(", ") || "none"}; by ${voters} of ${sentinels.length} Sentinels: ${agreed ?? "none"}` +
        (silent.length === 0 ? "" : `; no answer from ${silent.join(", ")}`),
      bound: "one master, the same by both, and every member answers",
      hint: "Wait for a failover to finish, or look: redis-cli -p 26379 SENTINEL masters",
    };
  },
  "replica-online": ({ members }, bounds) => {
    const least = bounds["min"] ?? 1;
    const master = onlyMaster(members);
    const online = master?.replicas.filter((replica) => replica.online).map((replica) => replica.pod) ?? [];
    return {
      ok: online.length >= least,
      measured: `${online.length} online${online.length === 0 ? "" : ` (${online.join(", ")})`}`,
      bound: `at least ${least}`,
      hint: "A failover without a replica is only an outage. Start a replica first.",
    };
  },
  "replication-lag": ({ members }, bounds) => {
    const most = bounds["maxBytes"] ?? 1_048_576;
    const master = onlyMaster(members);
    const sent = master?.offset ?? null;
    const behind = (master?.replicas ?? []).map(({ pod, offset }) => ({
      pod,
      // Offsets, not INFO's `lag`, which is seconds since the last acknowledgement.
      bytes: sent === null || offset === null ? null : Math.max(0, sent - offset),
    }));
    return {
      ok: behind.length > 0 && behind.every(({ bytes }) => bytes !== null && bytes <= most),
      measured:
        behind.map(({ pod, bytes }) => `${pod} ${bytes ?? "unknown"} bytes`).join(", ") || "no replica to measure",
      bound: `at most ${most} bytes`,
      hint: "Wait until the replicas have caught up: what they lack is lost when one is promoted.",
    };
  },
  "sentinel-quorum": ({ sentinels }) => {
    const reachable = sentinels.filter((sentinel) => sentinel.reachable);
    const quorum = Math.max(...reachable.map((sentinel) => sentinel.quorum ?? 0), 1);
    const known = Math.max(...reachable.map((sentinel) => sentinel.knownSentinels ?? 0), sentinels.length);
    const needed = Math.max(quorum, Math.floor(known / 2) + 1);
    // One in the master's own pod shares the master's fate, and has no vote that counts.
    const master = agreedMaster(sentinels);
    const beside = reachable.filter(({ pod }) => pod === master).length;
    return {
      ok: reachable.length - beside >= needed && reachable.every((sentinel) => sentinel.canFailOver),
      measured: `${reachable.length} of ${known} Sentinels answer${beside === 0 ? "" : ` (one in the master's pod, which goes with it)`}, quorum ${quorum}, ${reachable.filter((s) => s.canFailOver).length} could fail over`,
      bound: `at least ${needed} answer${beside === 0 ? "" : " beside that one"}, and each could fail over`,
      hint: "Start the missing Sentinels; with SENTINEL RESET they forget ones that are gone for good.",
    };
  },
};

/** Judges one guard. Throws AftershockError `bad_experiment` for an id that Redis does not know. */
export function judgeGuard(id: string, views: RedisViews, bounds: Bounds): GuardResult {
  const guard = guards[id];
  if (guard !== undefined) return guard(views, bounds);
  throw new AftershockError(
    "bad_experiment",
    `Redis has no guard "${id}".`,
    `It has: ${Object.keys(guards).join(", ")}.`,
  );
}

function onlyMaster(members: readonly MemberView[]): MemberView | undefined {
  const masters = members.filter((member) => member.role === "master");
  return masters.length === 1 ? masters[0] : undefined;
}
