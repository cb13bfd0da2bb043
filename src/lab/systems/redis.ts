import type { LabObject, ObjectStore } from "../objects.ts";
import type { AddressBook } from "../network/address-book.ts";
import { ensureNamespace, headlessService, statefulSet } from "./workload.ts";

const namespace = "cache";
const members = 3;

/** Settings of the lab's Redis; the comments give Redis' own defaults, which these stand for. */
export interface RedisLabSettings {
  /** Sentinel's `down-after-milliseconds`. Default of Redis: 30000. Shorter here, so that a failover takes seconds. */
  downAfterMs: number;
  /** How long a killed pod stays away. Real clusters take from some seconds to minutes, mostly for the volume. */
  restartDelayMs: number;
  /** Sentinel's `failover-timeout`. Default of Redis: 180000. */
  failoverTimeoutMs: number;
}

export const defaultRedisSettings: RedisLabSettings = {
  downAfterMs: 2000,
  restartDelayMs: 6000,
  failoverTimeoutMs: 10_000,
};

/**
 * Written once into the data volume: Sentinel rewrites it at every failover, and a restart must find that.
 * `repl-diskless-sync-delay 0` (Redis: 5 s) spares every first sync a wait for other replicas that do not come.
 */
const redisCommand = `
[ -f /data/redis.conf ] || {
  cat > /data/redis.conf <<CONF
port 6379
bind $POD_IP 127.0.0.1
protected-mode no
dir /data
loglevel notice
repl-diskless-sync-delay 0
CONF
  [ "$POD_IP" = "$FIRST_MASTER" ] || echo "replicaof $FIRST_MASTER 6379" >> /data/redis.conf
}
exec redis-server /data/redis.conf
`;

/**
 * A Sentinel learns of replicas from the master's INFO, which it asks for once at its start and then every 10 s. So it
 * starts when the replicas have come (or after 10 s), and the lab is whole in two seconds instead of twelve.
 */
const sentinelCommand = `
tries=0
until redis-cli -h $FIRST_MASTER INFO replication | grep -q connected_slaves:2 || [ $tries -ge 100 ] || [ -f /data/sentinel.conf ]; do
  tries=$((tries + 1)); sleep 0.1
done
[ -f /data/sentinel.conf ] || cat > /data/sentinel.conf <<CONF
port 26379
bind $POD_IP 127.0.0.1
protected-mode no
dir /data
sentinel monitor mymaster $FIRST_MASTER 6379 2
sentinel down-after-milliseconds mymaster $DOWN_AFTER_MS
sentinel failover-timeout mymaster $FAILOVER_TIMEOUT_MS
sentinel parallel-syncs mymaster 1
CONF
exec redis-server /data/sentinel.conf --sentinel
`;

/**
 * Three Redis and three Sentinels as StatefulSets in namespace `cache`, with the names and labels of the training
 * module: `redis-0..2` (app: redis) and `redis-sentinel-0..2` (app: redis-sentinel).
 */
export function createRedis(store: ObjectStore, addresses: AddressBook, settings: RedisLabSettings): void {
  const firstMaster = addresses.addressOf(namespace, "redis-0");
  for (let ordinal = 1; ordinal < members; ordinal += 1) addresses.addressOf(namespace, `redis-${ordinal}`);
  ensureNamespace(store, namespace);
  const common = { namespace, replicas: members, restartDelayMs: settings.restartDelayMs };
  const env = [{ name: "FIRST_MASTER", value: firstMaster }];
  for (const [name, container, port, script, more] of [
    ["redis", "redis", 6379, redisCommand, []],
    [
      "redis-sentinel",
      "sentinel",
      26379,
      sentinelCommand,
      [
        { name: "DOWN_AFTER_MS", value: String(settings.downAfterMs) },
        { name: "FAILOVER_TIMEOUT_MS", value: String(settings.failoverTimeoutMs) },
      ],
    ],
  ] as const) {
    store.create(headlessService(namespace, name, name, port));
    store.create(
      statefulSet({
        ...common,
        name,
        container,
        image: "redis",
        port,
        script,
        dataPath: "/data",
        env: [...env, ...more],
      }),
    );
  }
}

/** The namespace's pods of one app. */
export function redisPods(store: ObjectStore, app: "redis" | "redis-sentinel"): LabObject[] {
  return store.list("Pod", namespace).filter((pod) => pod.metadata.labels?.["app"] === app);
}

export const redisMembers = members;
