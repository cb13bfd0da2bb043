import { labelled, lockInKubernetes, tlsWhen, type Preset } from "./preset.ts";

const prefix = "postgres-operator.crunchydata.com";
const withoutUser =
  "PGO makes one for each user in spec.users of the PostgresCluster, and where that is left out, for one called like the cluster. Say which in the target: user: NAME.";

/**
 * PostgreSQL by Crunchy Data's operator. Read in CrunchyData/postgres-operator v5.8.9, and the same in v6.0.3:
 * - labels `…/cluster`, and `…/data=postgres` on the instances' pods alone: internal/naming/labels.go, and
 *   generateInstanceStatefulSetIntent in internal/controller/postgrescluster/instance.go;
 * - Secret `{cluster}-pguser-{user}`, keys user and password: PostgresUserSecret in internal/naming/names.go and
 *   generatePostgresUserSecret in postgres.go; where `spec.users` is left out, user and database are called like the
 *   cluster;
 * - Secret `{cluster}-cluster-cert`, key ca.crt: pki.go; its certificate is that of PostgreSQL, and has the names of the
 *   services {cluster}-primary and {cluster}-replicas; the one of each pod's REST API, signed by the same authority, has the
 *   pod's name under {cluster}-pods (internal/naming/dns.go, ClusterPodService);
 * - pg_hba lets passwords in over TLS alone: internal/postgres/hba.go; the REST API speaks TLS, and asks for a client's
 *   certificate only where something is changed: `verify_client: optional` in internal/patroni/config.go;
 * - Patroni's lock in Endpoints: `use_endpoints: true` of clusterYAML in internal/patroni/config.go, PatroniLeaderEndpoints in
 *   internal/naming/names.go;
 * - scope `{cluster}-ha`: PatroniScope; container `database`: names.go; its volume at /pgdata: internal/postgres/config.go;
 *   the REST API's port 8008: default of spec.patroni.port in the CRD.
 */
export const crunchyPgo: Preset = {
  name: "crunchy-pgo",
  title: "Crunchy Postgres for Kubernetes (PGO)",
  source: "CrunchyData/postgres-operator v5.8.9 and v6.0.3",
  systems: ["patroni", "postgres-io", "postgres-reschedule"],
  unfit: lockInKubernetes,
  transports: ["tls"],
  user: "picks the Secret",
  of: ({ instance, transport, user = instance }) => {
    const login = { secret: `${instance}-pguser-${user}`, ifMissing: withoutUser };
    const ca = { secret: `${instance}-cluster-cert`, key: "ca.crt" };
    return {
      selectors: { postgres: labelled({ [`${prefix}/cluster`]: instance, [`${prefix}/data`]: "postgres" }) },
      parameters: {
        scope: `${instance}-ha`,
        lock: "endpoints",
        user,
        database: instance,
        container: "database",
        volumePath: "/pgdata",
      },
      access: {
        postgres: {
          port: 5432,
          user: { ...login, key: "user" },
          password: { ...login, key: "password" },
          ...tlsWhen(transport, { ca, serverName: `${instance}-primary.{namespace}.svc`, verify: "full" }),
        },
        patroni: {
          port: 8008,
          ...tlsWhen(transport, { ca, serverName: `{pod}.${instance}-pods.{namespace}.svc`, verify: "full" }),
        },
      },
    };
  },
  recognise: (labels) => (labels[`${prefix}/data`] === "postgres" ? (labels[`${prefix}/cluster`] ?? null) : null),
};
