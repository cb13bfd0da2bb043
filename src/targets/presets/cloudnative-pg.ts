import { labelled, tlsWhen, type Preset } from "./preset.ts";

const withoutSuperuser =
  "CloudNativePG makes it only where the Cluster has spec.enableSuperuserAccess: true. For cnpg-failover the application's owner does as well: user: app in the target.";

/**
 * PostgreSQL by CloudNativePG. Read in cloudnative-pg/cloudnative-pg v1.30.0:
 * - labels cnpg.io/cluster and cnpg.io/podRole=instance: pkg/utils/labels_annotations.go, pkg/specs/pods.go; a Pooler's pods
 *   have the first with cnpg.io/podRole=pooler;
 * - Secrets `{cluster}-superuser`, only with spec.enableSuperuserAccess, and `{cluster}-app`, of the owner of the application's
 *   database; keys username and password: api/v1/cluster_funcs.go, pkg/specs/secrets.go;
 * - Secret `{cluster}-ca`, key ca.crt: pkg/certs/certs.go; the servers' certificate has the names of the services
 *   {cluster}-rw, -r and -ro, and no pod's: GetClusterAltDNSNames in api/v1/cluster_funcs.go;
 * - pg_hba takes passwords with TLS and without (`host all all all`): pkg/postgres/configuration.go; its default method is
 *   scram-sha-256: pkg/management/postgres/configuration.go;
 * - container `postgres`: pkg/specs/pods.go; the volume at /var/lib/postgresql/data, with a spec.walStorage of its own at
 *   /var/lib/postgresql/wal: pkg/specs/volumes.go;
 * - programs in a pod get in as `postgres` alone, by the socket (`local all all peer map=local`).
 */
export const cloudnativePg: Preset = {
  name: "cloudnative-pg",
  title: "CloudNativePG",
  source: "cloudnative-pg/cloudnative-pg v1.30.0",
  systems: ["cloudnative-pg", "postgres-io"],
  unfit: {},
  transports: ["tls", "plain"],
  user: "picks the Secret",
  of: ({ instance, transport, user = "postgres" }) => {
    const superuser = user === "postgres";
    // Whatever the owner of the application's database is called, its Secret is called so.
    const login = superuser
      ? { secret: `${instance}-superuser`, ifMissing: withoutSuperuser }
      : { secret: `${instance}-app` };
    return {
      selectors: { postgres: labelled({ "cnpg.io/cluster": instance, "cnpg.io/podRole": "instance" }) },
      parameters: {
        user,
        database: superuser ? "postgres" : "app",
        container: "postgres",
        volumePath: "/var/lib/postgresql/data",
      },
      access: {
        postgres: {
          port: 5432,
          user: { ...login, key: "username" },
          password: { ...login, key: "password" },
          ...tlsWhen(transport, {
            ca: { secret: `${instance}-ca`, key: "ca.crt" },
            serverName: `${instance}-rw.{namespace}.svc`,
            verify: "full",
          }),
        },
      },
    };
  },
  recognise: (labels) => (labels["cnpg.io/podRole"] === "instance" ? (labels["cnpg.io/cluster"] ?? null) : null),
};
