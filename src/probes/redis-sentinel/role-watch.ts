import type { Recorder } from "../recorder.ts";
import type { Redis } from "ioredis";
import { bareConnection } from "./connection.ts";
import type { RedisPods } from "./pods.ts";
import { readReplication, type MemberView } from "./views.ts";

const everyMs = 250;
const offsetEveryMs = 1000;
const timeoutMs = 400;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/** Asks every member for its role, link and offset four times a second, and tells what changed. */
export function watchRoles(pods: RedisPods, now: () => number, tell: Tell): { stop: () => void } {
  const stops = pods.data.map(({ name }) => watchMember(pods, name, now, tell));
  return { stop: () => stops.forEach((stop) => stop()) };
}

function watchMember(pods: RedisPods, pod: string, now: () => number, tell: Tell): () => void {
  let redis: Redis | null = null;
  let stopped = false;
  let before: Omit<MemberView, "pod"> | null = null;
  let toldOffsetAt = Number.NEGATIVE_INFINITY;
  let busy = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      if (redis?.status === "end") {
        // It may be back before the next look; a connection that ended still says that it went.
        if (before?.reachable === true) lost();
        redis = null;
      }
      redis ??= bareConnection(await pods.dial("redis", pod), timeoutMs);
      if (stopped) return redis.disconnect();
      if (redis.status === "wait") await redis.connect();
      change(readReplication(await redis.info("replication"), pods.names));
    } catch {
      redis?.disconnect();
      if (stopped) return;
      if (before?.reachable !== false) lost();
    } finally {
      busy = false;
    }
  };
  const lost = (): void => {
    tell({ atMs: now(), source: pod, event: "unreachable", detail: {} });
    before = { reachable: false, role: null, offset: null, master: null, linkUp: false, replicas: [] };
  };
  const change = (view: Omit<MemberView, "pod">): void => {
    const atMs = now();
    if (before?.reachable === false) tell({ atMs, source: pod, event: "reachable", detail: {} });
    if (view.role !== before?.role) {
      tell({ atMs, source: pod, event: "role", detail: { role: view.role, offset: view.offset } });
    }
    if (view.role === "replica" && (view.linkUp !== before?.linkUp || view.master !== before?.master)) {
      tell({ atMs, source: pod, event: "link", detail: { state: view.linkUp ? "up" : "down", master: view.master } });
    }
    if (atMs - toldOffsetAt >= offsetEveryMs) {
      toldOffsetAt = atMs;
      tell({ atMs, source: pod, event: "offset", detail: { offset: view.offset } });
    }
    before = view;
  };
  const timer = setInterval(() => void look(), everyMs);
  void look();
  return () => {
    stopped = true;
    clearInterval(timer);
    redis?.disconnect();
  };
}
