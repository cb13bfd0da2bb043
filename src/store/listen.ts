import pg from "pg";
import type { Database } from "./database.ts";

const reconnectMs = 1000;

export interface Listener {
  stop(): Promise<void>;
}

/**
 * LISTEN on a connection of its own, made anew when it breaks. What is notified meanwhile is lost: `onNotify` is also
 * called after each connecting, and whoever listens also polls.
 */
export function listen(
  database: Database,
  channel: "run_events" | "halts" | "run_aborts",
  onNotify: () => void,
  onError: (error: unknown) => void,
): Listener {
  let client: pg.Client | null = null;
  let stopped = false;
  const connect = async (): Promise<void> => {
    const next = new pg.Client(database.options);
    client = next;
    next.on("error", onError);
    next.on("notification", onNotify);
    next.on("end", () => {
      if (!stopped) setTimeout(() => void connect().catch(onError), reconnectMs).unref();
    });
    await next.connect();
    await next.query(`listen ${channel}`);
    onNotify();
  };
  void connect().catch(onError);
  return {
    stop: async () => {
      stopped = true;
      await client?.end().catch(() => undefined);
    },
  };
}
