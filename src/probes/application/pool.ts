import { textOf } from "../figure.ts";
import type { PodAddress } from "../system.ts";
import type { Application } from "./target.ts";

/** Counts of an application's connection pool, as `GET /api/pool` gives them. */
export interface PoolCounts {
  /** Established connections: active and idle. */
  total: number;
  active: number;
  idle: number;
  connecting: number;
  /** Requests that wait for a connection. */
  waiting: number;
  /** Since the program started. */
  created: number;
  broken: number;
  connectErrors: number;
}

export interface PoolView extends PoolCounts {
  /** Null: none was lost so far. */
  lastBrokenAgoMs: number | null;
  /** Established connections by the address of the server. */
  servers: Readonly<Record<string, number>>;
  /** Settings by name, e.g. `{ max: "10" }`. */
  settings: Readonly<Record<string, string>>;
}

const counts = ["total", "active", "idle", "connecting", "waiting", "created", "broken", "connectErrors"] as const;

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** Reads an answer of `GET /api/pool`; null when it does not hold every count. */
export function readPool(body: Readonly<Record<string, unknown>>): PoolView | null {
  const figures = record(body["figures"]);
  const found: Partial<PoolCounts> = {};
  for (const name of counts) {
    const value = figures[name];
    if (typeof value !== "number") return null;
    found[name] = value;
  }
  const ago = figures["lastBrokenAgoMs"];
  return {
    ...(found as PoolCounts),
    lastBrokenAgoMs: typeof ago === "number" ? ago : null,
    servers: Object.fromEntries(
      Object.entries(record(figures["servers"])).flatMap(([address, n]) =>
        typeof n === "number" ? [[address, n]] : [],
      ),
    ),
    settings: Object.fromEntries(
      Object.entries(record(body["settings"])).map(([name, v]) => [name, textOf(v) ?? JSON.stringify(v)]),
    ),
  };
}

/** The pool of one pod now; null without an answer. */
export async function askPool(
  application: Pick<Application, "call">,
  pod: PodAddress,
  timeoutMs: number,
): Promise<PoolView | null> {
  try {
    const { status, body } = await application.call(pod, "/api/pool", { timeoutMs });
    return status === 200 ? readPool(body) : null;
  } catch {
    return null;
  }
}
