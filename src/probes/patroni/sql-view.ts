import type pg from "pg";
import { textOf, wholeNumber } from "../figure.ts";
import { destroy, withTimeout } from "./endpoint.ts";
import type { PatroniView } from "./members.ts";

/** Connections are slow to make where the volume is slow: one that is under way is waited for, and one that is there is kept. */
const connectTimeoutMs = 5000;
/** A question without an answer for so long is on a connection that leads nowhere. */
const lostAfterMs = 2000;
const idleAfterMs = 10_000;

/**
 * What a member says of itself. Anybody may ask for its role and its position; names of others' replication connections,
 * and what a receiver does, are told to members of pg_read_all_stats alone, of which pg_monitor is one, and are null for
 * others (PostgreSQL manual, predefined roles; tried on 15). The timeline of a primary is that of the file that it
 * writes; pg_control_checkpoint() has it from the next checkpoint on only. That of a replica is its receiver's: without
 * one it is not known.
 */
export const viewText = `
  select pg_is_in_recovery() as replica,
    (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end - '0/0')::float8 as wal,
    case when pg_is_in_recovery() then null else pg_walfile_name(pg_current_wal_lsn()) end as file,
    (select received_tli from pg_stat_wal_receiver) as received,
    array(select application_name from pg_stat_replication where state = 'streaming') as streaming`;

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads an answer to `viewText`; `starting`: the server takes no questions yet; null: no answer. Whoever streams and is
 * not in `names`, such as pg_receivewal, is no replica that could take over. Pure.
 */
export function readSqlView(pod: string, row: Row | "starting" | null, names: readonly string[]): PatroniView {
  const answer = row === "starting" || row === null ? {} : row;
  const replica = answer["replica"];
  const role = replica === true ? "replica" : replica === false ? "primary" : null;
  // Eight hexadecimal digits each: timeline, log, segment (PostgreSQL sources, XLogFileName).
  const file = /^[0-9A-F]{24}$/.exec(textOf(answer["file"]) ?? "");
  const written = file === null ? null : Number.parseInt(file[0].slice(0, 8), 16);
  const streaming = answer["streaming"];
  return {
    pod,
    reachable: row !== null,
    role,
    state: row === "starting" ? "starting" : role === null ? null : "running",
    timeline: role === "primary" ? written : wholeNumber(answer["received"]),
    walBytes: wholeNumber(answer["wal"]),
    streaming: Array.isArray(streaming)
      ? streaming.filter((name): name is string => typeof name === "string" && names.includes(name))
      : [],
    version: null,
    paused: false,
  };
}

/** Asks members by SQL, each over one connection that is kept while it is used. */
export interface SqlLooks {
  /** `starting`: it says so itself (SQLSTATE 57P03); null: no answer in time. Never rejects. */
  look(pod: string, timeoutMs: number): Promise<Row | "starting" | null>;
}

/** `clientOf` makes a client that is not connected yet, as `memberClient` does. */
export function openSqlLooks(clientOf: (pod: string, connectTimeoutMs: number) => Promise<pg.Client>): SqlLooks {
  const open = new Map<string, Promise<pg.Client>>();
  const underWay = new Map<string, Promise<Row | null>>();
  const idle = new Map<string, NodeJS.Timeout>();
  const drop = (pod: string, connection: Promise<pg.Client>): void => {
    if (open.get(pod) === connection) open.delete(pod);
    void connection.then(destroy, () => undefined);
  };
  const connected = (pod: string): Promise<pg.Client> => {
    const known = open.get(pod);
    if (known !== undefined) return known;
    const fresh: Promise<pg.Client> = clientOf(pod, connectTimeoutMs).then(async (client) => {
      client.on("error", () => drop(pod, fresh));
      client.on("end", () => drop(pod, fresh));
      try {
        await client.connect();
        return client;
      } catch (error) {
        destroy(client);
        throw error;
      }
    });
    open.set(pod, fresh);
    fresh.catch(() => drop(pod, fresh));
    return fresh;
  };
  const ask = async (pod: string): Promise<Row | null> => {
    const connection = connected(pod);
    const client = await connection;
    try {
      return (await withTimeout(client.query<Record<string, unknown>>(viewText), lostAfterMs)).rows[0] ?? null;
    } catch (error) {
      drop(pod, connection);
      throw error;
    }
  };
  const restAfterUse = (pod: string): void => {
    clearTimeout(idle.get(pod));
    const rest = (): void => {
      const connection = open.get(pod);
      if (connection !== undefined) drop(pod, connection);
    };
    idle.set(pod, setTimeout(rest, idleAfterMs).unref());
  };
  return {
    look: async (pod, timeoutMs) => {
      // Whoever asks meanwhile gets the same answer.
      const asked = underWay.get(pod) ?? ask(pod).finally(() => underWay.delete(pod));
      underWay.set(pod, asked);
      restAfterUse(pod);
      try {
        return await withTimeout(asked, timeoutMs);
      } catch (error) {
        const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
        return code === "57P03" ? "starting" : null;
      }
    },
  };
}
