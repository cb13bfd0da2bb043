import type pg from "pg";
import type { Recorder } from "../recorder.ts";
import { memberClient } from "./connect.ts";
import { destroy, withTimeout } from "./endpoint.ts";
import type { PatroniPods } from "./members.ts";

const everyMs = 250;
const timeoutMs = 400;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/** One row in any case; the receiver's columns are null where there is none (PostgreSQL manual, pg_stat_wal_receiver). */
const question = `
  select pg_is_in_recovery() as replica, receiver.status, receiver.sender_host as host
  from (select 1) as one left join pg_stat_wal_receiver as receiver on true`;

/**
 * Asks every member four times a second whether it is a replica that receives WAL, and from whom, and tells what
 * changes: a replica's receiver ends when its connection to the primary does, which is how PostgreSQL itself sees the
 * loss of the primary. Without an answer nothing is told: a member that cannot be asked has not said anything.
 */
export function watchReceivers(members: PatroniPods, now: () => number, tell: Tell): { stop(): void } {
  const connections = new Map<string, pg.Client>();
  const known = new Map<string, string>();
  const busy = new Set<string>();
  let stopped = false;

  const connected = async (pod: string): Promise<pg.Client> => {
    const present = connections.get(pod);
    if (present !== undefined) return present;
    const client = await memberClient(members, pod, {
      applicationName: "aftershock watch",
      connectTimeoutMs: timeoutMs,
    });
    client.on("error", () => drop(pod, client));
    try {
      await client.connect();
    } catch (error) {
      destroy(client);
      throw error;
    }
    connections.set(pod, client);
    return client;
  };
  const drop = (pod: string, client: pg.Client): void => {
    if (connections.get(pod) === client) connections.delete(pod);
    destroy(client);
  };
  const look = async (pod: string): Promise<void> => {
    if (busy.has(pod)) return;
    busy.add(pod);
    let client: pg.Client | undefined;
    try {
      client = await connected(pod);
      const answer = client.query<{ replica: boolean; status: string | null; host: string | null }>(question);
      const [row] = (await withTimeout(answer, timeoutMs)).rows;
      if (row?.replica !== true || stopped) return;
      const streaming = row.status === "streaming";
      const from = streaming ? (row.host === null ? null : members.nameOf(row.host)) : null;
      const state = `${streaming} ${from}`;
      if (known.get(pod) !== state)
        tell({ atMs: now(), source: pod, event: "wal-receiver", detail: { streaming, from } });
      known.set(pod, state);
    } catch {
      if (client !== undefined) drop(pod, client);
    } finally {
      busy.delete(pod);
      if (stopped) closeAll();
    }
  };
  const closeAll = (): void => {
    for (const [pod, client] of connections) drop(pod, client);
  };
  const lookAtAll = (): void => members.pods.forEach(({ name }) => void look(name));
  const timer = setInterval(lookAtAll, everyMs);
  lookAtAll();
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
      closeAll();
    },
  };
}
