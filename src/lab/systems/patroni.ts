import type { AddressBook } from "../network/address-book.ts";
import { isPodReady } from "../controllers/stateful-set.ts";
import type { ObjectStore } from "../objects.ts";
import { createEtcdMembers, etcdClientPort } from "./etcd-members.ts";
import type { LabSystem } from "./on-demand.ts";
import type { PatroniDcs } from "./patroni-dcs.ts";
import { isInKubernetes, leaderService, patroniAccount, patroniAccountObjects } from "./patroni-kubernetes.ts";
import { askPatroni } from "./patroni-roles.ts";
import { postgresPrograms } from "./postgres-programs.ts";
import { headlessService, statefulSet } from "./workload.ts";

const namespace = "database";
const members = 3;
/** Where the training module has the volume; PostgreSQL's data directory is its root there. */
const dataPath = "/var/lib/postgresql/data";

/**
 * `ttl` 20 s is the least that Patroni takes (default 30); `loop_wait` 2 s (10) and `retry_timeout` 3 s (10) make a
 * failover take half a minute at most. With the driver `etcd3` of an old Patroni the lock is taken back when the end of
 * a partition meets a retry whose view of the lock is old. So each Patroni asks the etcd member beside it there, as where
 * both are on one machine, and there is nearly always a retry under way: `retry_timeout` 9, `loop_wait` 1, and a
 * `wal_sender_timeout` of 5 s (default 60), since a primary that is demoted waits for its replicas that long. In the
 * Kubernetes API (`endpoints`, `configmap`) its objects and pods are found by the label `app`, which is the scope.
 */
const patroniScript = `
version=$(patroni --version | tr -dc '0-9.')
dcs=etcd3
[ "$PATRONI_DCS" = etcd3 ] || [ "$(printf '%s\\n3.0.3\\n' "$version" | sort -V | head -n 1)" = 3.0.3 ] || dcs=etcd
loop_wait=2; retry_timeout=3; wal_sender_timeout=60s
hosts=$ETCD_HOSTS; use_proxies=false
if [ "$PATRONI_DCS" = etcd3 ]; then
  loop_wait=1; retry_timeout=9; wal_sender_timeout=5s; use_proxies=true
  hosts=$(echo "$ETCD_HOSTS" | cut -d , -f $((\${POD_NAME##*-} + 1)))
fi
store="$dcs: { hosts: '$hosts', use_proxies: $use_proxies }"
in_kubernetes="namespace: ${namespace}, labels: {}, scope_label: app, role_label: role, leader_label_value: master, pod_ip: '$POD_IP', ports: [{ name: postgresql, port: 5432 }]"
[ "$PATRONI_DCS" != endpoints ] || store="kubernetes: { $in_kubernetes, use_endpoints: true }"
[ "$PATRONI_DCS" != configmap ] || store="kubernetes: { $in_kubernetes }"
cat > /run/patroni.yml <<CONF
scope: postgresql
name: $POD_NAME
restapi: { listen: "0.0.0.0:8008", connect_address: "$POD_IP:8008" }
$store
bootstrap:
  dcs:
    ttl: 20
    loop_wait: $loop_wait
    retry_timeout: $retry_timeout
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      parameters: { wal_log_hints: "on", max_connections: 100, shared_buffers: 32MB, wal_keep_size: 128MB, wal_sender_timeout: $wal_sender_timeout }
  initdb: [ encoding: UTF8, locale: C.UTF-8, data-checksums ]
postgresql:
  listen: "0.0.0.0:5432"
  connect_address: "$POD_IP:5432"
  data_dir: ${dataPath}
  bin_dir: $PG_BIN
  pgpass: /tmp/pgpass
  parameters: { unix_socket_directories: "/var/run/postgresql" }
  pg_hba:
    - local all all trust
    - host all all 0.0.0.0/0 trust
    - host replication replicator 0.0.0.0/0 trust
  authentication:
    superuser: { username: postgres, password: postgres }
    replication: { username: replicator, password: replicator }
CONF
# The module's commands take postgresql-0 for the primary: the others let it be the first, once.
tries=0
until [ "$POD_NAME" = postgresql-0 ] || [ -f ${dataPath}/PG_VERSION ] || [ $tries -ge 150 ] || bash -c '
  exec 3<>/dev/tcp/$0/8008 && printf "GET /primary HTTP/1.0\\r\\n\\r\\n" >&3 && head -n 1 <&3 | grep -q 200
' "$FIRST_PRIMARY" 2>/dev/null; do
  tries=$((tries + 1)); sleep 0.2
done
mkdir -p /var/run/postgresql
chown postgres:postgres /var/run/postgresql ${dataPath} /run/patroni.yml
chmod 700 ${dataPath}
exec setpriv --reuid postgres --regid postgres --init-groups patroni /run/patroni.yml
`;

/**
 * PostgreSQL under Patroni as the training module has it: `postgresql-0..2` (app: postgresql, role: master or replica)
 * in namespace `database`, with three etcd members beside them (app: postgresql-etcd) where the lock is in etcd.
 */
export function patroniSystem(store: ObjectStore, addresses: AddressBook, dcs: PatroniDcs): LabSystem {
  const ordinals = Array.from({ length: members }, (_unused, ordinal) => ordinal);
  const inKubernetes = isInKubernetes(dcs);
  const addressOf = (name: string): string => addresses.addressOf(namespace, name);
  return {
    namespace,
    start: () => {
      // etcd of its own, so that an experiment on the etcd of namespace `etcd` does not touch PostgreSQL.
      const etcd = inKubernetes
        ? []
        : createEtcdMembers(store, addresses, { namespace, name: "postgresql-etcd", api: "v2 and v3" });
      if (inKubernetes) for (const object of patroniAccountObjects(namespace)) store.create(object);
      store.create(headlessService(namespace, "postgresql-members", "postgresql", 5432));
      for (const [name, role] of [
        ["postgresql", "master"],
        ["postgresql-replicas", "replica"],
      ] as const) {
        const ofLeader = dcs === "endpoints" && role === "master";
        store.create(
          ofLeader
            ? leaderService(namespace, name, 5432)
            : headlessService(namespace, name, "postgresql", 5432, { role }),
        );
      }
      const programs = postgresPrograms() ?? "/usr/lib/postgresql";
      store.create(
        statefulSet({
          namespace,
          replicas: members,
          name: "postgresql",
          container: "postgresql",
          image: "postgresql",
          port: 5432,
          script: patroniScript,
          dataPath,
          env: [
            { name: "ETCD_HOSTS", value: etcd.map((host) => `${host}:${etcdClientPort}`).join(",") },
            { name: "PATRONI_DCS", value: dcs },
            { name: "FIRST_PRIMARY", value: addressOf("postgresql-0") },
            { name: "PG_BIN", value: programs },
            { name: "PATH", value: `${programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` },
            { name: "PATRONICTL_CONFIG_FILE", value: "/run/patroni.yml" },
            { name: "LC_ALL", value: "C.UTF-8" },
          ],
          // Longer than the lock's ttl: a primary that is back sooner keeps the lock, and nothing fails over.
          restartDelayMs: 25_000,
          ...(inKubernetes ? { serviceAccount: patroniAccount } : {}),
        }),
      );
    },
    formed: async () => {
      const pods = store.list("Pod", namespace);
      if (pods.length < (inKubernetes ? members : 2 * members) || !pods.every(isPodReady)) return false;
      // Whoever asks by role finds somebody: the labels follow Patroni's word by half a second.
      const labelled = pods.filter(({ metadata }) => metadata.labels?.["role"] !== undefined);
      if (labelled.length < members) return false;
      const answers = await Promise.all(ordinals.map((ordinal) => askPatroni(addressOf(`postgresql-${ordinal}`))));
      const primaries = answers.filter((answer) => answer?.role === "master");
      return answers.every((answer) => answer?.running === true) && primaries[0]?.replicas === members - 1;
    },
  };
}
