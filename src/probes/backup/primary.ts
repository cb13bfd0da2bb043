import type pg from "pg";
import { memberClient } from "../patroni/connect.ts";
import type { PatroniPods } from "../patroni/members.ts";
import { identityQuery, readIdentity, type Identity } from "./identity.ts";

const connectTimeoutMs = 5000;

/** Opens a connection to a database of one member, works, and closes it. Rejects with what went wrong. */
export async function withDatabase<T>(
  members: PatroniPods,
  where: { pod: string; database: string; timeoutMs: number },
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await memberClient(members, where.pod, {
    applicationName: "aftershock backup",
    connectTimeoutMs,
    queryTimeoutMs: where.timeoutMs,
    database: where.database,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Who every member is; what could not be read of one is null, which a guard does not accept. */
export async function memberIdentities(members: PatroniPods): Promise<Identity[]> {
  return Promise.all(
    members.pods.map(async ({ name, namespace, host, claims }): Promise<Identity> => {
      const where = { pod: name, database: members.database, timeoutMs: connectTimeoutMs };
      const known = { name, address: host, volumes: claims?.map((claim) => `${namespace}/${claim}`) };
      try {
        const answer = await withDatabase(members, where, async (client) => {
          const { rows } = await client.query<{ identity: string }>(`select (${identityQuery}) as identity`);
          return rows[0]?.identity ?? "";
        });
        return { ...known, systemIdentifier: readIdentity(answer).systemIdentifier };
      } catch {
        return { ...known, systemIdentifier: null };
      }
    }),
  );
}
