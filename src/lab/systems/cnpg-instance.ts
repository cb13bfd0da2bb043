/** Where an instance is told who is primary; each pod has a /run of its own, which goes with it. */
export const targetFile = "/run/cnpg-target";
const processFile = "/run/cnpg-postgres.pid";
export const dataPath = "/var/lib/postgresql/data";
export const secretsPath = "/controller/secrets";

/**
 * Stands for CloudNativePG's instance manager (pkg/management/postgres, v1.30.0): it runs what `targetFile` says, an
 * instance that is primary or a replica that streams from the service -rw, and starts it again when it has ended. One that
 * was primary and is not to be it any more waits until another answers, is rewound by pg_rewind and follows
 * (internal/management/controller/instance_startup.go, verifyPgDataCoherenceForPrimary). Its settings are those of
 * CnpgConfigurationSettings in pkg/postgres/configuration.go that a failover depends on, and its pg_hba.conf is the one
 * there, but that `root` may be postgres by the socket: containers have no users of their own here. The tcp_user_timeout
 * is its default, too (GetPrimaryConnInfo in instance.go there): a receiver that reaches for a killed primary has no
 * timeout of its own while it connects, and would follow that one once it is back at its address, a replica by then.
 */
export const instanceScript = `
as="setpriv --reuid postgres --regid postgres --init-groups"
secrets=/run/cnpg-secrets
mkdir -p /controller/run $secrets
cp ${secretsPath}/* $secrets/
chown -R postgres:postgres /controller/run $secrets ${dataPath}
chmod -R u=rwX,go= $secrets
cd /
name="application_name=$POD_NAME"
source="host=$CLUSTER_NAME-rw.$NAMESPACE.svc port=5432 user=streaming_replica dbname=postgres sslmode=verify-ca \\
sslrootcert=$secrets/ca.crt sslcert=$secrets/streaming_replica.crt sslkey=$secrets/streaming_replica.key connect_timeout=3 tcp_user_timeout=5000"

settings() {
  cat > $PGDATA/postgresql.auto.conf <<CONF
listen_addresses = '*'
unix_socket_directories = '$PGHOST'
ssl = on
ssl_ca_file = '$secrets/ca.crt'
ssl_cert_file = '$secrets/server.crt'
ssl_key_file = '$secrets/server.key'
ssl_min_protocol_version = 'TLSv1.3'
wal_log_hints = on
wal_keep_size = 128MB
wal_sender_timeout = 5s
wal_receiver_timeout = 5s
restart_after_crash = off
hot_standby = on
max_connections = 100
shared_buffers = 32MB
primary_conninfo = '$source $name'
CONF
  cat > $PGDATA/pg_hba.conf <<CONF
local all all peer map=local
hostssl postgres streaming_replica all cert
hostssl replication streaming_replica all cert
host all all all scram-sha-256
CONF
  printf 'local postgres postgres\\nlocal root postgres\\n' > $PGDATA/pg_ident.conf
  chown postgres:postgres $PGDATA/postgresql.auto.conf $PGDATA/pg_hba.conf $PGDATA/pg_ident.conf
}

bootstrap() {
  $as initdb -D $PGDATA -U postgres --pwfile=$secrets/superuser-password --data-checksums --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null || return 1
  settings
  $as pg_ctl -D $PGDATA -o "-c listen_addresses=''" -l /controller/run/bootstrap.log -w start >/dev/null || return 1
  psql -XAtqU postgres -v ON_ERROR_STOP=1 -v password="$(cat $secrets/app-password)" <<SQL || return 1
create role streaming_replica login replication;
grant execute on function pg_ls_dir(text, boolean, boolean) to streaming_replica;
grant execute on function pg_stat_file(text, boolean) to streaming_replica;
grant execute on function pg_read_binary_file(text) to streaming_replica;
grant execute on function pg_read_binary_file(text, bigint, bigint, boolean) to streaming_replica;
create role app login password :'password';
create database app owner app;
SQL
  $as pg_ctl -D $PGDATA -m fast -w stop >/dev/null
}

# pg_rewind goes by the timeline of the last checkpoint, which is the old one for a while after a promotion.
checkpointed="select not pg_is_in_recovery() and (select timeline_id from pg_control_checkpoint()) =
  ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
# pg_rewind that fails half-way leaves what must be copied anew, by hand: here it waits until the volume is sound again.
sound() {
  for turn in 1 2 3 4 5 6 7 8 9 10 11 12; do
    dd if=/dev/zero of=$PGDATA/pg_wal/.volume-check bs=1 count=1 conv=fsync 2>/dev/null || return 1
  done
  rm -f $PGDATA/pg_wal/.volume-check
}
postgres=
trap 'if [ -n "$postgres" ]; then kill -INT $postgres; wait $postgres; fi; exit 0' TERM
# What is there is looked at once: a volume that fails later must not seem empty.
known=
while :; do
  primary=$(cat ${targetFile} 2>/dev/null)
  if [ -z "$primary" ]; then sleep 0.2; continue; fi
  if [ -z "$known" ] && [ ! -f $PGDATA/PG_VERSION ]; then
    if [ "$primary" = "$POD_NAME" ]; then
      bootstrap || { cat /controller/run/bootstrap.log; rm -rf $PGDATA; sleep 1; continue; }
    else
      $as pg_basebackup -D $PGDATA -X stream -c fast --no-sync -d "$source application_name=$POD_NAME-join" || { rm -rf $PGDATA; sleep 0.3; continue; }
      touch $PGDATA/standby.signal
    fi
  fi
  known=yes
  if [ "$primary" != "$POD_NAME" ] && [ ! -f $PGDATA/standby.signal ]; then
    $as psql -XAtqd "$source $name" -c "$checkpointed" 2>/dev/null | grep -q t || { sleep 0.3; continue; }
    sound || { sleep 0.5; continue; }
    $as pg_rewind -D $PGDATA --source-server "$source $name" || { sleep 1; continue; }
    touch $PGDATA/standby.signal || { sleep 1; continue; }
  fi
  settings
  chown -f postgres:postgres $PGDATA/standby.signal
  $as postgres -D $PGDATA &
  postgres=$!
  echo $postgres > ${processFile}
  wait $postgres
  postgres=
  sleep 0.3
done
`;

/**
 * Tells an instance who is primary. One that is a primary and is not to be it any more is stopped at once: the operator
 * waits until it is down, and asks for a fast shutdown first, which a server that hangs never ends.
 */
export function tellCommand(primary: string): string[] {
  const script = `
    echo "$1" > ${targetFile}.new && mv ${targetFile}.new ${targetFile}
    [ "$1" = "$POD_NAME" ] || [ -f $PGDATA/standby.signal ] || kill -QUIT "$(cat ${processFile})" 2>/dev/null
    true`;
  return ["sh", "-c", script, "sh", primary];
}
