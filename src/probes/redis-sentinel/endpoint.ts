import type { Redis } from "ioredis";
import { isAftershockError } from "../../errors.ts";
import { tlsFailure } from "../tls-failure.ts";
import { refusedFor } from "./access.ts";
import { bareConnection, connect as connectRedis } from "./connection.ts";
import type { RedisPods } from "./pods.ts";

const shortestBackOffMs = 50;
const longestBackOffMs = 1000;

/** A client's connection to the member that its policy names, made anew when it breaks or the policy changes its mind. */
export interface Endpoint {
  /** Null while there is no usable connection. */
  redis(): Redis | null;
  /** Pod name of the usable connection; without one, of the pod that is tried. */
  member(): string;
  connected(): boolean;
  /** Resolves after the first attempt to connect, however it went. */
  tried: Promise<void>;
  /** Why there is no connection: `refused`, `not-master`, …; the last reason. */
  problem(): string;
  /** Moves to another member; what is in flight on the old connection may still be answered. */
  moveTo(pod: string): void;
  close(): void;
}

export interface EndpointOptions {
  pods: RedisPods;
  pod: string;
  timeoutMs: number;
  /** Refuse a member whose own role is not master, as an application that follows Sentinel must. */
  role: "master-only" | "any";
  onMember: (pod: string) => void;
}

export function openEndpoint(options: EndpointOptions): Endpoint {
  const { pods } = options;
  let wanted = options.pod;
  let current: Redis | null = null;
  let currentPod = options.pod;
  let usable = false;
  let problem = "not-connected";
  let closed = false;
  let attempt = 0;
  let retry: NodeJS.Timeout | undefined;
  let generation = 0;

  const connect = async (): Promise<void> => {
    const mine = ++generation;
    const pod = wanted;
    let redis: Redis | undefined;
    try {
      const fresh = bareConnection(await pods.dial("redis", pod), options.timeoutMs);
      redis = fresh;
      fresh.on("end", () => {
        if (current !== fresh) return;
        usable = false;
        problem = "connection-lost";
        later();
      });
      await connectRedis(redis);
      if (options.role === "master-only") {
        const [role] = (await redis.call("ROLE")) as [string];
        if (role !== "master") throw new Error("not-master");
      }
      if (mine !== generation || closed) return redis.disconnect();
      const old = current;
      current = redis;
      currentPod = pod;
      usable = true;
      attempt = 0;
      options.onMember(pod);
      if (old !== null) setTimeout(() => old.disconnect(), options.timeoutMs).unref();
    } catch (error) {
      redis?.disconnect();
      if (mine !== generation || closed) return;
      problem = reasonOf(error);
      later();
    }
  };
  const later = (): void => {
    if (closed) return;
    clearTimeout(retry);
    attempt += 1;
    const delayMs = Math.min(longestBackOffMs, shortestBackOffMs * 2 ** Math.min(attempt - 1, 5));
    // Jitter, as a crowd of clients would have.
    retry = setTimeout(() => void connect(), delayMs * (0.5 + Math.random() / 2));
  };
  const tried = connect();
  return {
    tried,
    redis: () => (usable ? current : null),
    // While it moves, operations still go out on the old connection, and are booked there.
    member: () => (usable ? currentPod : wanted),
    connected: () => usable,
    problem: () => problem,
    moveTo: (pod) => {
      if (pod === wanted) return;
      wanted = pod;
      attempt = 0;
      clearTimeout(retry);
      void connect();
    },
    close: () => {
      closed = true;
      clearTimeout(retry);
      current?.disconnect();
    },
  };
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message === "not-master") return "not-master";
  if (isAftershockError(error)) return error.code;
  if (tlsFailure(error) !== null) return "tls-refused";
  const refused = refusedFor(error);
  if (refused === "login") return "not-authorized";
  if (refused === "right") return "not-permitted";
  if (message.includes("ECONNREFUSED")) return "refused";
  return message.includes("time") ? "connect-timeout" : "connect-failed";
}
