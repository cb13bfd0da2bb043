import { labelled, lockInKubernetes, tlsWhen, type Preset } from "./preset.ts";

/**
 * PostgreSQL by Zalando's operator. Read in zalando/postgres-operator v2.0.1:
 * - labels `application=spilo` and `cluster-name`: pkg/util/config/config.go, cluster_labels and cluster_name_label (both
 *   can be set otherwise there), put together by labelsSet in pkg/cluster/util.go;
 * - Secret `{user}.{cluster}.credentials.postgresql.acid.zalan.do`, `_` of the user as `-`, keys username and password:
 *   secret_name_template, credentialSecretNameForCluster in pkg/cluster/util.go, generateSingleUserSecret in k8sres.go;
 * - superuser `postgres`: super_username; container `postgres`: pkg/util/constants/kubernetes.go; its volume at
 *   /home/postgres/pgdata: pkg/util/constants/postgresql.go; Patroni's port 8008: pkg/util/patroni/patroni.go;
 * - Patroni's lock in a ConfigMap: kubernetes_use_configmaps, true unless set otherwise since v2 (pkg/util/config/config.go,
 *   pkg/controller/operator_config.go; patroniKubernetesUseConfigMaps in pkg/cluster/util.go). In v1.14 its default is false:
 *   there, and where it is set so, a target says lock: endpoints. With etcd_host set, it is in that etcd.
 *
 * Read in zalando/spilo 4.0-p3, postgres-appliance/scripts/configure_spilo.py: pg_hba refuses connections without TLS
 * unless ALLOW_NOSSL is set; without a certificate of one's own each pod signs one itself, which nobody can verify; the
 * REST API speaks HTTP unless it is given a certificate; SCOPE is Patroni's scope, which the operator sets to the
 * cluster's name.
 */
export const zalando: Preset = {
  name: "zalando",
  title: "Zalando postgres-operator",
  source: "zalando/postgres-operator v2.0.1",
  systems: ["patroni", "postgres-io", "postgres-reschedule"],
  unfit: lockInKubernetes,
  transports: ["tls", "plain"],
  user: "picks the Secret",
  of: ({ instance, transport, user = "postgres" }) => {
    const secret = `${user.replaceAll("_", "-")}.${instance}.credentials.postgresql.acid.zalan.do`;
    return {
      selectors: { postgres: labelled({ application: "spilo", "cluster-name": instance }) },
      parameters: {
        scope: instance,
        lock: "configmap",
        user,
        database: "postgres",
        container: "postgres",
        volumePath: "/home/postgres/pgdata",
      },
      access: {
        postgres: {
          port: 5432,
          user: { secret, key: "username" },
          password: { secret, key: "password" },
          ...tlsWhen(transport, { verify: "none" }),
        },
        patroni: { port: 8008 },
      },
    };
  },
  recognise: (labels) => (labels["application"] === "spilo" ? (labels["cluster-name"] ?? null) : null),
};
