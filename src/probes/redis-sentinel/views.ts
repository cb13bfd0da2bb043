import { wholeNumber } from "../figure.ts";
import { parseInfo, parseMap, withConnection } from "./connection.ts";
import type { PodNames } from "../pod-names.ts";
import type { RedisPods } from "./pods.ts";

/** What one data member says of itself; null values were not told. */
export interface MemberView {
  pod: string;
  reachable: boolean;
  /** `master` or `replica`; null when it does not answer. */
  role: "master" | "replica" | null;
  /** Bytes of replication stream produced (master) or applied (replica). */
  offset: number | null;
  /** Replica: pod it replicates from, and whether that link is up. */
  master: string | null;
  linkUp: boolean;
  /** Master: replicas it counts as online, with the offset each has acknowledged. */
  replicas: Array<{ pod: string; online: boolean; offset: number | null }>;
}

/** What one Sentinel says. */
export interface SentinelView {
  pod: string;
  reachable: boolean;
  /** Pod it names as master. */
  master: string | null;
  quorum: number | null;
  knownSentinels: number | null;
  /** Answer of SENTINEL CKQUORUM. */
  canFailOver: boolean;
  fields: Readonly<Record<string, string>>;
}

export async function viewMembers(pods: RedisPods, timeoutMs: number): Promise<MemberView[]> {
  return Promise.all(
    pods.data.map(async ({ name }) => {
      try {
        const text = await withConnection(pods.dial("redis", name), timeoutMs, (redis) => redis.info("replication"));
        return { pod: name, ...readReplication(text, pods.names) };
      } catch {
        return { pod: name, ...unreachable };
      }
    }),
  );
}

const unreachable: Omit<MemberView, "pod"> = {
  reachable: false,
  role: null,
  offset: null,
  master: null,
  linkUp: false,
  replicas: [],
};

/** Reads INFO replication (Redis 6.0 to 8.0). */
export function readReplication(text: string, names: Pick<PodNames, "nameOf">): Omit<MemberView, "pod"> {
  const info = parseInfo(text);
  const master = info["role"] === "master";
  return {
    reachable: true,
    // INFO still says slave in Redis 8.
    role: master ? "master" : info["role"] === "slave" ? "replica" : null,
    offset: wholeNumber(master ? info["master_repl_offset"] : info["slave_repl_offset"]),
    master: master || info["master_host"] === undefined ? null : names.nameOf(info["master_host"]),
    linkUp: info["master_link_status"] === "up",
    replicas: Object.entries(info)
      .filter(([key]) => /^slave\d+$/.test(key))
      .map(([, value]) => {
        const fields = Object.fromEntries(value.split(",").map((pair) => pair.split("=") as [string, string]));
        return {
          pod: names.nameOf(fields["ip"] ?? ""),
          online: fields["state"] === "online",
          offset: wholeNumber(fields["offset"]),
        };
      }),
  };
}

export async function viewSentinels(pods: RedisPods, timeoutMs: number): Promise<SentinelView[]> {
  return Promise.all(
    pods.sentinels.map(async ({ name }) => {
      try {
        return await withConnection(pods.dial("sentinel", name), timeoutMs, async (redis) => {
          const [reply, canFailOver] = await Promise.all([
            redis.call("SENTINEL", "MASTER", pods.masterName),
            redis.call("SENTINEL", "CKQUORUM", pods.masterName).then(
              () => true,
              () => false,
            ),
          ]);
          const fields = parseMap(reply);
          const others = wholeNumber(fields["num-other-sentinels"]);
          return {
            pod: name,
            reachable: true,
            master: fields["ip"] === undefined ? null : pods.names.nameOf(fields["ip"]),
            quorum: wholeNumber(fields["quorum"]),
            knownSentinels: others === null ? null : others + 1,
            canFailOver,
            fields,
          };
        });
      } catch {
        const nothing = { master: null, quorum: null, knownSentinels: null, canFailOver: false, fields: {} };
        return { pod: name, reachable: false, ...nothing };
      }
    }),
  );
}

/** The master that more than half of all Sentinels name; null without such a majority. */
export function agreedMaster(views: readonly SentinelView[]): string | null {
  const votes = views.map((view) => view.master).filter((master) => master !== null);
  return votes.find((vote) => votes.filter((other) => other === vote).length * 2 > views.length) ?? null;
}
