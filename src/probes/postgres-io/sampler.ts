import type pg from "pg";
import { messageOf } from "../../errors.ts";
import { memberClient } from "../patroni/connect.ts";
import { destroy, withTimeout } from "../patroni/endpoint.ts";
import type { PatroniPods } from "../patroni/members.ts";

/** One timed answer. `error` is null when it was given. */
export interface Timed {
  ms: number;
  error: string | null;
}

/** One connection to one member, opened when it is first needed and anew after it broke. */
export interface Sampler {
  /** Rejects with what went wrong, `timeout` included; then the connection is dropped. */
  query<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
  /**
   * Never rejects. Counts the query alone: a connection that must be made anew before it is not in `ms`. `problem` says
   * what is wrong with the rows, if anything.
   */
  time(text: string, values: unknown[], problem: (rows: pg.QueryResultRow[]) => string | null): Promise<Timed>;
  close(): void;
}

export function openSampler(members: PatroniPods, pod: string, name: string, timeoutMs: number): Sampler {
  let client: pg.Client | null = null;
  let closed = false;
  const drop = (): void => {
    if (client !== null) destroy(client);
    client = null;
  };
  const connected = async (): Promise<pg.Client> => {
    if (client !== null) return client;
    const fresh = await connect(members, pod, name, timeoutMs);
    if (closed) {
      destroy(fresh);
      throw new Error("closed");
    }
    fresh.on("error", drop);
    fresh.on("end", drop);
    client = fresh;
    return fresh;
  };
  const query = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> => {
    const connection = await connected();
    try {
      return (await withTimeout(connection.query<T>(text, values), timeoutMs)).rows;
    } catch (error) {
      drop();
      throw error;
    }
  };
  return {
    query,
    time: async (text, values, problem) => {
      try {
        await connected();
      } catch (error) {
        return { ms: 0, error: errorOf(error) };
      }
      const startMs = performance.now();
      try {
        const rows = await query(text, values);
        return { ms: performance.now() - startMs, error: problem(rows) };
      } catch (error) {
        return { ms: performance.now() - startMs, error: errorOf(error) };
      }
    },
    close: () => {
      closed = true;
      drop();
    },
  };
}

/** How long a new connection takes until it has answered its first query. Never rejects. */
export async function timeConnection(members: PatroniPods, pod: string, timeoutMs: number): Promise<Timed> {
  let startMs = performance.now();
  try {
    const options = { applicationName: "aftershock connection", connectTimeoutMs: timeoutMs };
    const fresh = await memberClient(members, pod, options);
    // The way there is ours, and not what is measured.
    startMs = performance.now();
    const client = await open(fresh, timeoutMs);
    try {
      await withTimeout(client.query("select 1"), timeoutMs);
      return { ms: performance.now() - startMs, error: null };
    } finally {
      destroy(client);
    }
  } catch (error) {
    return { ms: performance.now() - startMs, error: errorOf(error) };
  }
}

async function connect(members: PatroniPods, pod: string, name: string, timeoutMs: number): Promise<pg.Client> {
  return open(await memberClient(members, pod, { applicationName: name, connectTimeoutMs: timeoutMs }), timeoutMs);
}

async function open(client: pg.Client, timeoutMs: number): Promise<pg.Client> {
  client.on("error", () => undefined);
  try {
    await withTimeout(client.connect(), timeoutMs);
    return client;
  } catch (error) {
    destroy(client);
    throw error;
  }
}

/** A short class: the SQLSTATE, `refused`, `timeout`, or the client's own words. */
export function errorOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "refused";
  const message = messageOf(error);
  if (/^[0-9A-Z]{5}$/.test(code)) return `${code} ${message}`.slice(0, 120);
  return message === "timeout" || /timeout expired/.test(message) ? "timeout" : message.slice(0, 120);
}
