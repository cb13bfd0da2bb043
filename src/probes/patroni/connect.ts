import pg from "pg";
import type { PatroniPods } from "./members.ts";

const workTimeoutMs = 5000;

/**
 * A client for one member, not connected yet. The target's login stands over the parameter `user`; without a password
 * there is libpq's PGPASSWORD of the worker (node-postgres, environment variables). Rejects as `dial` does.
 */
export async function memberClient(
  members: PatroniPods,
  pod: string,
  options: { applicationName: string; connectTimeoutMs: number; queryTimeoutMs?: number; database?: string },
): Promise<pg.Client> {
  const { host, port, user, password, tls } = await members.dial("postgres", pod);
  return new pg.Client({
    host,
    port,
    user: user ?? members.user,
    database: options.database ?? members.database,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    ...(options.queryTimeoutMs === undefined ? {} : { query_timeout: options.queryTimeoutMs }),
    ...(password === undefined ? {} : { password }),
    // A copy: node-postgres hides the key in the object that it is given.
    ssl: tls === undefined ? false : { ...tls },
  });
}

/** Opens a connection to one member, works, and closes it. Rejects with what went wrong. */
export async function withMember<T>(
  members: PatroniPods,
  pod: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await memberClient(members, pod, {
    applicationName: "aftershock",
    connectTimeoutMs: workTimeoutMs,
    queryTimeoutMs: workTimeoutMs,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
