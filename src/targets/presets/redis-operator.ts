import { labelled, tlsWhen, type Preset } from "./preset.ts";

/**
 * Redis by OT-CONTAINER-KIT's operator: a RedisReplication with `spec.sentinel`. Read in OT-CONTAINER-KIT/redis-operator
 * v0.26.0:
 * - labels `app={instance}`, redis_setup_type and role replication; Sentinels' pods `app={instance}-s`, both sentinel:
 *   internal/controller/common/labels.go, internal/k8sutils/redis-replication.go,
 *   internal/controller/redisreplication/redisreplication_sentinel.go, api/redisreplication/v1beta2 (SentinelStatefulSet);
 * - their group is mymaster: SentinelMasterName there; ports 6379 and 26379: internal/controller/common/constants.go.
 *   These Sentinels are given no password to ask for and no certificate (buildSentinelEnv), so that with TLS they cannot
 *   reach the servers: such a RedisReplication has a RedisSentinel of its own, which is called as its owner likes.
 * - The password is in a Secret of the user's own (spec.kubernetesConfig.redisSecret), and is not known here.
 */
export const redisOperator: Preset = {
  name: "redis-operator",
  title: "OT-CONTAINER-KIT redis-operator",
  source: "OT-CONTAINER-KIT/redis-operator v0.26.0",
  systems: ["redis-sentinel"],
  unfit: {},
  transports: ["plain", "tls"],
  user: "is always the same",
  of: ({ instance, transport }) => {
    const pods = (app: string, kind: string): string => labelled({ app, redis_setup_type: kind, role: kind });
    const tls = tlsWhen(transport, { verify: "full" });
    return {
      selectors: { redis: pods(instance, "replication"), sentinel: pods(`${instance}-s`, "sentinel") },
      parameters: { masterName: "mymaster" },
      access: { redis: { port: 6379, ...tls }, sentinel: { port: 26_379, ...tls } },
    };
  },
  recognise: (labels) =>
    labels["redis_setup_type"] === "replication" && labels["role"] === "replication" ? (labels["app"] ?? null) : null,
};
