import type { Setting } from "../history.ts";
import type { LeaderLock } from "./lock.ts";
import { getPatroni, viewPatroni, type PatroniPods } from "./members.ts";
import { withMember } from "./connect.ts";

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

/** Of CloudNativePG: what decides how long a lost connection goes unseen, and whether a crash is left to the operator. */
const cnpgServer = [...server, "wal_receiver_timeout", "wal_sender_timeout", "restart_after_crash"];

/**
 * Patroni's dynamic configuration and version, or that it is CloudNativePG (`manager`), and the server's settings that
 * findings are tied to, of every member.
 */
export async function readPatroniSettings(members: PatroniPods, lock: LeaderLock): Promise<Setting[]> {
  if (members.manager.name === "cloudnative-pg") {
    const all = members.pods.map(async ({ name }): Promise<Setting[]> => [
      { type: "setting", member: name, name: "manager", value: "cloudnative-pg" },
      ...(await readServer(members, name, cnpgServer)),
    ]);
    return (await Promise.all(all)).flat();
  }
  const [views, reading] = await Promise.all([viewPatroni(members, timeoutMs), lock.read(timeoutMs)]);
  const driver = reading.holder === undefined ? null : reading.driver;
  const perMember = await Promise.all(
    members.pods.map(async ({ name }): Promise<Setting[]> => {
      const setting = (key: string, value: unknown): Setting => ({
        type: "setting",
        member: name,
        name: key,
        value: String(value),
      });
      const config = (await getPatroni(members, name, "/config", timeoutMs)) ?? {};
      const version = views.find((view) => view.pod === name)?.version;
      return [
        ...dynamic.flatMap((key) => {
          const value = config[key] ?? config[formerNames[key] ?? ""] ?? defaults[key];
          return value === undefined ? [] : [setting(key, value)];
        }),
        ...(version === null || version === undefined ? [] : [setting("patroni-version", version)]),
        ...(driver === null ? [] : [setting("patroni-dcs-driver", driver)]),
        ...(await readServer(members, name, server)),
      ];
    }),
  );
  return perMember.flat();
}

/** Settings of one member's PostgreSQL; none where it cannot be asked. */
async function readServer(members: PatroniPods, member: string, names: readonly string[]): Promise<Setting[]> {
  const text = "select name, setting as value from pg_settings where name = any($1)";
  const rows = await withMember(members, member, async (client) => {
    return (await client.query<{ name: string; value: string }>(text, [names])).rows;
  }).catch(() => []);
  return rows.map((row) => ({ type: "setting", member, ...row }));
}
