/**
 * Pods and Secrets as operators and charts make them: names, labels and keys, derived by hand from the source that `from`
 * names. A double for the operators themselves, none of which runs here.
 */
export interface OperatorObjects {
  preset: string;
  instance: string;
  from: string;
  /** Label sets of the pods, by name. */
  pods: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names of those pods, by part; all others of `pods` are neighbours. */
  parts: Readonly<Record<string, readonly string[]>>;
  /** Keys, by Secret. */
  secrets: Readonly<Record<string, readonly string[]>>;
}

const spilo = (cluster: string, role: string) => ({
  application: "spilo",
  "cluster-name": cluster,
  "spilo-role": role,
  team: "acid",
  "statefulset.kubernetes.io/pod-name": `${cluster}-0`,
});

const pgo = "postgres-operator.crunchydata.com";
const pgoInstance = (cluster: string, suffix: string, role: string) => ({
  [`${pgo}/cluster`]: cluster,
  [`${pgo}/data`]: "postgres",
  [`${pgo}/instance`]: `${cluster}-instance1-${suffix}`,
  [`${pgo}/instance-set`]: "instance1",
  [`${pgo}/patroni`]: `${cluster}-ha`,
  [`${pgo}/role`]: role,
});

const cnpg = (cluster: string, pod: string, role: string) => ({
  "cnpg.io/cluster": cluster,
  "cnpg.io/instanceName": pod,
  "cnpg.io/instanceRole": role,
  role,
  "cnpg.io/podRole": "instance",
  "app.kubernetes.io/name": "postgresql",
  "app.kubernetes.io/instance": cluster,
  "app.kubernetes.io/component": "database",
  "app.kubernetes.io/managed-by": "cloudnative-pg",
});
const cnpgLogin = ["username", "user", "password", "dbname", "host", "port", "pgpass", "uri", "jdbc-uri"];

const bitnami = (chart: string, version: string, release: string, component: string) => ({
  "app.kubernetes.io/name": chart,
  "app.kubernetes.io/instance": release,
  "app.kubernetes.io/managed-by": "Helm",
  "app.kubernetes.io/component": component,
  "helm.sh/chart": `${chart}-${version}`,
});

const strimziNode = (cluster: string, pool: string, role: "broker" | "controller") => ({
  "strimzi.io/cluster": cluster,
  "strimzi.io/kind": "Kafka",
  "strimzi.io/name": `${cluster}-kafka`,
  "strimzi.io/component-type": "kafka",
  "strimzi.io/pool-name": pool,
  "strimzi.io/broker-role": String(role === "broker"),
  "strimzi.io/controller-role": String(role === "controller"),
  "app.kubernetes.io/instance": cluster,
});

const rabbit = (instance: string) => ({
  "app.kubernetes.io/name": instance,
  "app.kubernetes.io/component": "rabbitmq",
  "app.kubernetes.io/part-of": "rabbitmq",
});

const otRedis = (app: string, kind: string) => ({ app, redis_setup_type: kind, role: kind });

export const operatorObjects: readonly OperatorObjects[] = [
  {
    preset: "zalando",
    instance: "acid-orders",
    from: "zalando/postgres-operator v2.0.1: pkg/cluster/util.go labelsSet; connection_pooler.go connectionPoolerLabels; k8sres.go generateSingleUserSecret",
    pods: {
      "acid-orders-0": spilo("acid-orders", "master"),
      "acid-orders-1": spilo("acid-orders", "replica"),
      "acid-other-0": spilo("acid-other", "master"),
      "acid-orders-pooler-1": {
        application: "db-connection-pooler",
        "cluster-name": "acid-orders",
        "connection-pooler": "acid-orders-pooler",
      },
    },
    parts: { postgres: ["acid-orders-0", "acid-orders-1"] },
    secrets: { "postgres.acid-orders.credentials.postgresql.acid.zalan.do": ["username", "password"] },
  },
  {
    preset: "crunchy-pgo",
    instance: "hippo",
    from: "CrunchyData/postgres-operator v5.8.9: internal/naming/labels.go; internal/controller/postgrescluster/instance.go, postgres.go, pki.go",
    pods: {
      "hippo-instance1-abcd-0": pgoInstance("hippo", "abcd", "master"),
      "hippo-instance1-efgh-0": pgoInstance("hippo", "efgh", "replica"),
      "rhino-instance1-ijkl-0": pgoInstance("rhino", "ijkl", "master"),
      "hippo-pgbouncer-1": { [`${pgo}/cluster`]: "hippo", [`${pgo}/role`]: "pgbouncer" },
      "hippo-repo-host-0": {
        [`${pgo}/cluster`]: "hippo",
        [`${pgo}/pgbackrest`]: "",
        [`${pgo}/pgbackrest-dedicated`]: "",
        [`${pgo}/data`]: "pgbackrest",
      },
    },
    parts: { postgres: ["hippo-instance1-abcd-0", "hippo-instance1-efgh-0"] },
    secrets: {
      "hippo-pguser-hippo": ["user", "password", "dbname", "host", "port", "uri", "verifier"],
      "hippo-cluster-cert": ["ca.crt", "tls.crt", "tls.key"],
    },
  },
  {
    preset: "cloudnative-pg",
    instance: "ledger",
    from: "cloudnative-pg/cloudnative-pg v1.30.0: pkg/utils/labels_annotations.go; pkg/specs/pods.go, pgbouncer/deployments.go, jobs.go, secrets.go; pkg/certs/certs.go",
    pods: {
      "ledger-1": cnpg("ledger", "ledger-1", "primary"),
      "ledger-2": cnpg("ledger", "ledger-2", "replica"),
      "archive-1": cnpg("archive", "archive-1", "primary"),
      "ledger-pooler-rw-7d9f-xk2lp": { "cnpg.io/cluster": "ledger", "cnpg.io/podRole": "pooler" },
      "ledger-3-join-4xv9k": { "cnpg.io/cluster": "ledger", "cnpg.io/jobRole": "join" },
    },
    parts: { postgres: ["ledger-1", "ledger-2"] },
    secrets: {
      "ledger-superuser": cnpgLogin,
      "ledger-app": cnpgLogin,
      "ledger-ca": ["ca.crt", "ca.key"],
      "ledger-server": ["tls.crt", "tls.key"],
    },
  },
  {
    preset: "bitnami-redis",
    instance: "sessions",
    from: "bitnami/charts redis 23.1.1: templates/sentinel/statefulset.yaml, secret.yaml, tls-secret.yaml; common/templates/_labels.tpl",
    pods: {
      "sessions-redis-node-0": bitnami("redis", "23.1.1", "sessions", "node"),
      "sessions-redis-node-1": bitnami("redis", "23.1.1", "sessions", "node"),
      // Without Sentinel the chart makes a master and replicas.
      "carts-redis-master-0": bitnami("redis", "23.1.1", "carts", "master"),
      "carts-redis-node-0": bitnami("redis", "23.1.1", "carts", "node"),
    },
    parts: {
      redis: ["sessions-redis-node-0", "sessions-redis-node-1"],
      sentinel: ["sessions-redis-node-0", "sessions-redis-node-1"],
    },
    secrets: { "sessions-redis": ["redis-password"], "sessions-redis-crt": ["tls.crt", "tls.key", "ca.crt"] },
  },
  {
    preset: "redis-operator",
    instance: "redis-replication",
    from: "OT-CONTAINER-KIT/redis-operator v0.26.0: internal/controller/common/labels.go; internal/controller/redisreplication/redisreplication_sentinel.go",
    pods: {
      "redis-replication-0": { ...otRedis("redis-replication", "replication"), "redis-role": "master" },
      "redis-replication-1": { ...otRedis("redis-replication", "replication"), "redis-role": "slave" },
      "redis-replication-s-0": otRedis("redis-replication-s", "sentinel"),
      "redis-cluster-leader-0": { app: "redis-cluster-leader", redis_setup_type: "cluster", role: "leader" },
    },
    parts: { redis: ["redis-replication-0", "redis-replication-1"], sentinel: ["redis-replication-s-0"] },
    secrets: {},
  },
  {
    preset: "bitnami-etcd",
    instance: "my-etcd",
    from: "bitnami/charts etcd 12.0.18: templates/statefulset.yaml, secrets.yaml",
    pods: {
      "my-etcd-0": bitnami("etcd", "12.0.18", "my-etcd", "etcd"),
      "other-etcd-0": bitnami("etcd", "12.0.18", "other", "etcd"),
    },
    parts: { etcd: ["my-etcd-0"] },
    secrets: { "my-etcd": ["etcd-root-password"] },
  },
  {
    preset: "etcd-operator",
    instance: "config",
    from: "etcd-io/etcd-operator v0.2.0: internal/controller/utils.go createOrPatchStatefulSet",
    pods: { "config-0": { app: "config", controller: "config" }, "web-0": { app: "config" } },
    parts: { etcd: ["config-0"] },
    secrets: {},
  },
  {
    preset: "rabbitmq-cluster-operator",
    instance: "orders",
    from: "rabbitmq/cluster-operator v2.22.3: internal/metadata/label.go; internal/resource/default_user_secret.go; config/manager/manager.yaml",
    pods: {
      "orders-server-0": rabbit("orders"),
      "orders-server-1": rabbit("orders"),
      "other-server-0": rabbit("other"),
      "rabbitmq-cluster-operator-1": {
        "app.kubernetes.io/name": "rabbitmq-cluster-operator",
        "app.kubernetes.io/component": "rabbitmq-operator",
        "app.kubernetes.io/part-of": "rabbitmq",
      },
    },
    parts: { amqp: ["orders-server-0", "orders-server-1"] },
    secrets: {
      "orders-default-user": ["username", "password", "default_user.conf", "host", "port", "provider", "type"],
    },
  },
  {
    preset: "strimzi",
    instance: "my-cluster",
    from: "strimzi/strimzi-kafka-operator 1.2.0: operator-common Labels.java; api KafkaResources.java; user-operator KafkaUserModel.java; examples/kafka/kafka-persistent.yaml",
    pods: {
      "my-cluster-broker-0": strimziNode("my-cluster", "broker", "broker"),
      "my-cluster-broker-1": strimziNode("my-cluster", "broker", "broker"),
      "my-cluster-controller-3": strimziNode("my-cluster", "controller", "controller"),
      "other-broker-0": strimziNode("other", "broker", "broker"),
      "my-cluster-entity-operator-1": {
        "strimzi.io/cluster": "my-cluster",
        "strimzi.io/kind": "Kafka",
        "strimzi.io/name": "my-cluster-entity-operator",
        "strimzi.io/component-type": "entity-operator",
      },
    },
    parts: { kafka: ["my-cluster-broker-0", "my-cluster-broker-1"], controller: ["my-cluster-controller-3"] },
    secrets: {
      "my-cluster-cluster-ca-cert": ["ca.crt", "ca.p12", "ca.password"],
      probe: ["password", "sasl.jaas.config"],
    },
  },
];
