import type pg from "pg";
import { messageOf } from "../../errors.ts";
import { memberClient } from "./connect.ts";
import type { PatroniPods } from "./members.ts";
import { classifyPostgresError } from "./outcome.ts";

const retryMs = 200;

/** One connection of a probe client, made anew when it breaks. */
export interface Endpoint {
  /** Null while there is none. */
  client(): pg.Client | null;
  /** Pod of the connection; without one, of the pod that was tried last. */
  member(): string;
  connected(): boolean;
  tried: Promise<void>;
  problem(): string;
  /** Drops the connection, e.g. because an answer is overdue; the next one is made at once. */
  drop(reason: string): void;
  close(): void;
}

/**
 * Keeps a connection to whatever `choose` names. `accepts` looks at a fresh connection (is it a primary?); one that it
 * does not accept is closed, and `choose` is asked again.
 */
export function openEndpoint(options: {
  members: PatroniPods;
  timeoutMs: number;
  choose: () => Promise<string | null>;
  accepts: (inRecovery: boolean) => boolean;
  onMember: (pod: string) => void;
  applicationName: string;
}): Endpoint {
  const { members } = options;
  let current: pg.Client | null = null;
  let pod = "";
  let problem = "not-connected";
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const chosen = await options.choose();
    if (closed) return;
    if (chosen === null) {
      problem = "no-member";
      return again();
    }
    pod = chosen;
    let made: pg.Client | undefined;
    try {
      const client = await memberClient(members, chosen, {
        applicationName: options.applicationName,
        connectTimeoutMs: options.timeoutMs,
      });
      made = client;
      client.on("error", () => lose(client, "connection-lost"));
      client.on("end", () => lose(client, "connection-lost"));
      await client.connect();
      const answer = await withTimeout(
        client.query<{ recovering: boolean }>("select pg_is_in_recovery() as recovering"),
        options.timeoutMs,
      );
      if (!options.accepts(answer.rows[0]?.recovering === true)) throw new Error("wrong-role");
      if (closed) return void client.end();
      current = client;
      options.onMember(chosen);
    } catch (error) {
      if (made !== undefined) destroy(made);
      problem = problemOf(error);
      again();
    }
  };
  const again = (): void => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), retryMs);
  };
  const lose = (client: pg.Client, reason: string): void => {
    if (current !== client) return;
    current = null;
    problem = reason;
    destroy(client);
    again();
  };
  const tried = connect();
  return {
    client: () => current,
    member: () => pod,
    connected: () => current !== null,
    tried,
    problem: () => problem,
    drop: (reason) => {
      if (current !== null) lose(current, reason);
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      if (current !== null) destroy(current);
    },
  };
}

/** A class where there is one; otherwise in the client's words. */
function problemOf(error: unknown): string {
  const { outcome, error: name } = classifyPostgresError(error);
  return outcome === "fail" ? name : messageOf(error).slice(0, 40);
}

/** Ends a connection without waiting for the other side, which may be gone. Queries in flight are rejected. */
export function destroy(client: pg.Client): void {
  client.removeAllListeners("end");
  void client.end().catch(() => undefined);
  // end() says goodbye and waits; a peer that is cut off would never answer.
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}

/** Rejects with `timeout` when the answer is overdue. */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("timeout")), timeoutMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
