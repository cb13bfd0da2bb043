import pg from "pg";
import { failureOf, type DatabaseFailure } from "./failure.ts";

/** What an application is usually told of its database, in environment variables. */
export interface PoolSettings {
  host: string;
  port: number;
  user: string;
  database: string;
  /** Most connections at a time; node-postgres: 10. */
  max: number;
  /** A connection must be there after so long; node-postgres waits for ever (0). */
  connectionTimeoutMs: number;
  /** An answer must be there after so long; node-postgres waits for ever (0). */
  queryTimeoutMs: number;
  /** A connection that nobody needs is closed after so long; node-postgres: 10000. */
  idleTimeoutMs: number;
  /** TCP keep-alive; node-postgres: off. */
  keepAlive: boolean;
}

/** The pool at this moment, and what has happened to it since the program started. */
export interface PoolFigures {
  /** Established connections: active and idle. */
  total: number;
  active: number;
  idle: number;
  /** Being established. */
  connecting: number;
  /** Requests that wait for a connection. */
  waiting: number;
  /** Connections established so far. */
  created: number;
  /** Connections that were lost so far: ended by the other side, or given up because no answer came. */
  broken: number;
  /** Attempts to get a connection that failed so far. */
  connectErrors: number;
  /** Age of the last loss; null without one. */
  lastBrokenAgoMs: number | null;
  /** Established connections by the address of the server. */
  servers: Record<string, number>;
}

export interface Database {
  settings: PoolSettings;
  figures(): PoolFigures;
  /** Runs one statement on a pooled connection. Rejects with DatabaseError. */
  query<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
  end(): Promise<void>;
}

/** A statement that failed, with what is known of its effect. */
export class DatabaseError extends Error {
  readonly failure: DatabaseFailure;
  constructor(failure: DatabaseFailure, cause: unknown) {
    super(failure.reason, { cause });
    this.failure = failure;
  }
}

/** A pool of connections that counts what becomes of them. Nothing is connected before it is needed. */
export function openPool(settings: PoolSettings): Database {
  /** The established ones, with the address of their server. */
  const open = new Map<pg.ClientBase, string>();
  const counts = { created: 0, broken: 0, connectErrors: 0 };
  let lastBrokenAt: number | null = null;
  const lose = (client: pg.ClientBase): void => {
    if (!open.delete(client)) return;
    counts.broken += 1;
    lastBrokenAt = performance.now();
  };
  const pool = new pg.Pool({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    application_name: "api-server",
    max: settings.max,
    connectionTimeoutMillis: settings.connectionTimeoutMs,
    query_timeout: settings.queryTimeoutMs,
    idleTimeoutMillis: settings.idleTimeoutMs,
    keepAlive: settings.keepAlive,
    onConnect: async (client) => {
      // Without a listener of its own, a connection that breaks while it is in use ends the program.
      client.on("error", () => lose(client));
      const { rows } = await client.query<{ server: string | null }>("select host(inet_server_addr()) as server");
      open.set(client, rows[0]?.server ?? "local");
      counts.created += 1;
    },
  });
  pool.on("error", (_error, client) => lose(client));
  pool.on("remove", (client) => open.delete(client));
  const connect = async (): Promise<pg.PoolClient> => {
    try {
      return await pool.connect();
    } catch (error) {
      counts.connectErrors += 1;
      // Nothing was sent yet.
      throw new DatabaseError({ ...failureOf(error), applied: "no" }, error);
    }
  };
  return {
    settings,
    figures: () => {
      const servers: Record<string, number> = {};
      for (const address of open.values()) servers[address] = (servers[address] ?? 0) + 1;
      const idle = Math.min(pool.idleCount, open.size);
      return {
        total: open.size,
        active: open.size - idle,
        idle,
        connecting: Math.max(0, pool.totalCount - open.size),
        waiting: pool.waitingCount,
        ...counts,
        lastBrokenAgoMs: lastBrokenAt === null ? null : Math.round(performance.now() - lastBrokenAt),
        servers,
      };
    },
    query: async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
      const client = await connect();
      try {
        const { rows } = await client.query<T>(text, values);
        client.release();
        return rows;
      } catch (error) {
        const failure = failureOf(error);
        if (failure.connection === "lost") lose(client);
        client.release(failure.connection !== "usable");
        throw new DatabaseError(failure, error);
      }
    },
    end: () => pool.end(),
  };
}
