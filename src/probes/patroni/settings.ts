import type { Setting } from "../history.ts";
import { getPatroni, readLock, viewPatroni, type PatroniPods } from "./members.ts";
import { withMember } from "./final-reads.ts";

const timeoutMs = 3000;
/** What Patroni takes when the configuration does not name it (Patroni documentation, dynamic configuration). */
const defaults: Readonly<Record<string, string>> = {
  synchronous_mode: "off (not set)",
  failsafe_mode: "off (not set)",
  primary_start_timeout: "300 (not set)",
};
/** Names of before Patroni 3. */
const formerNames: Readonly<Record<string, string>> = { primary_start_timeout: "master_start_timeout" };
const dynamic = [
  "ttl",
  "loop_wait",
  "retry_timeout",
  "maximum_lag_on_failover",
  "synchronous_mode",
  "failsafe_mode",
  "primary_start_timeout",
];
const server = [
  "synchronous_commit",
  "synchronous_standby_names",
  "fsync",
  "full_page_writes",
  "data_checksums",
  "wal_log_hints",
  "shared_buffers",
  "server_version",
];

/** Patroni's dynamic configuration and version, and the server's settings that findings are tied to, of every member. */
export async function readPatroniSettings(members: PatroniPods): Promise<Setting[]> {
  const [views, lock] = await Promise.all([viewPatroni(members, timeoutMs), readLock(members, timeoutMs)]);
  const driver = lock?.driver ?? null;
  const perMember = await Promise.all(
    members.pods.map(async ({ name, host }): Promise<Setting[]> => {
      const setting = (key: string, value: unknown): Setting => ({
        type: "setting",
        member: name,
        name: key,
        value: String(value),
      });
      const config = (await getPatroni(host, "/config", timeoutMs)) ?? {};
      const version = views.find((view) => view.pod === name)?.version;
      const values = await withMember(members, name, async (client) => {
        const text = "select name, setting from pg_settings where name = any($1)";
        return (await client.query<{ name: string; setting: string }>(text, [server])).rows;
      }).catch(() => []);
      return [
        ...dynamic.flatMap((key) => {
          const value = config[key] ?? config[formerNames[key] ?? ""] ?? defaults[key];
          return value === undefined ? [] : [setting(key, value)];
        }),
        ...(version === null || version === undefined ? [] : [setting("patroni-version", version)]),
        ...(driver === null ? [] : [setting("patroni-dcs-driver", driver)]),
        ...values.map((row) => setting(row.name, row.setting)),
      ];
    }),
  );
  return perMember.flat();
}
