import type { AddressBook } from "../network/address-book.ts";
import { isPodReady } from "../controllers/stateful-set.ts";
import type { ObjectStore } from "../objects.ts";
import type { LabSystem } from "./on-demand.ts";
import { postgresPrograms } from "./postgres-programs.ts";
import { statefulSet } from "./workload.ts";

const namespace = "backup";
const folder = "/backups";

/**
 * Makes a small shop on the primary, once, with the tables that the training module's CronJob counts, and dumps it every
 * hour, as a backup job of a cluster would: under another name first, renamed when it is whole, the last three kept.
 */
const script = `
until psql -XAtqc 'select 1' >/dev/null 2>&1; do sleep 0.3; done
psql -XAtqc "select 1 from pg_database where datname = 'shop'" | grep -q 1 || createdb shop
psql -Xq -d shop -v ON_ERROR_STOP=1 <<SQL
create table if not exists users (id serial primary key, name text not null);
create table if not exists products (id serial primary key, title text not null);
create table if not exists orders (id serial primary key, user_id int references users, product_id int references products);
insert into users (name) select 'user-' || n from generate_series(1, 2000) n where not exists (select from users);
insert into products (title) select 'product-' || n from generate_series(1, 200) n where not exists (select from products);
insert into orders (user_id, product_id)
  select 1 + n % 2000, 1 + n % 200 from generate_series(1, 10000) n where not exists (select from orders);
SQL
while :; do
  pg_dump -F c -f ${folder}/.part shop && mv ${folder}/.part ${folder}/shop-$(date -u +%Y%m%dT%H%M%SZ).dump && : > ${folder}/.ready
  ls -t ${folder}/*.dump | tail -n +4 | xargs -r rm
  sleep 3600
done
`;

/** A pod that backs up a small database of the PostgreSQL in namespace `database` to a volume: `backup-0`. */
export function backupSystem(store: ObjectStore, addresses: AddressBook): LabSystem {
  const members = [0, 1, 2].map((ordinal) => addresses.addressOf("database", `postgresql-${ordinal}`));
  return {
    namespace,
    needs: ["database"],
    start: () => {
      const programs = postgresPrograms() ?? "/usr/lib/postgresql";
      const set = statefulSet({
        namespace,
        replicas: 1,
        name: "backup",
        container: "backup",
        image: "postgresql",
        port: 5432,
        script,
        dataPath: folder,
        env: [
          { name: "PATH", value: `${programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` },
          // libpq takes the one of several that can be written to (PostgreSQL manual, target_session_attrs).
          { name: "PGHOST", value: members.join(",") },
          { name: "PGTARGETSESSIONATTRS", value: "read-write" },
          { name: "PGUSER", value: "postgres" },
          { name: "PGDATABASE", value: "postgres" },
          { name: "PGCONNECT_TIMEOUT", value: "3" },
        ],
        readiness: { exec: { command: ["test", "-f", `${folder}/.ready`] } },
        restartDelayMs: 1000,
      });
      store.create(set);
    },
    formed: async () => {
      const pods = store.list("Pod", namespace);
      return pods.length === 1 && pods.every(isPodReady);
    },
  };
}
