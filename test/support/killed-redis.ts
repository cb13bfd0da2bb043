import type { History, Operation } from "../../src/probes/history.ts";
import { event, finalRead, history, op } from "./history-builder.ts";

export interface Kill {
  /** When the killed member answers again. */
  backMs?: number;
  promoted?: boolean;
  /** Writes that it acknowledges after its return, all of which are dropped. */
  acceptsAfterReturn?: boolean;
  /** Acknowledged writes just before the kill that no replica had. */
  unsent?: number;
  returns?: boolean;
}

/** 100 writes/s for 20 s by one follower; redis-0 is killed at 5 s, redis-1 takes over at 8 s. */
export function killed({
  backMs = 11_000,
  promoted = true,
  acceptsAfterReturn = false,
  unsent = 0,
  returns = true,
}: Kill = {}): History {
  const operations: Operation[] = [];
  const kept: Array<[number, number]> = [];
  for (let seq = 1; seq <= 2000; seq += 1) {
    const at = seq * 10;
    const away = at >= 5000 && at < (promoted ? 8000 : backMs);
    const onReturned = acceptsAfterReturn && at >= backMs && at < backMs + 2000;
    const member = promoted && at >= 8000 && !onReturned ? "redis-1" : "redis-0";
    operations.push(op({ seq, at, member, ...(away ? { outcome: "fail" as const, error: "refused" } : {}) }));
    const lost = onReturned || (at < 5000 && at >= 5000 - unsent * 10) || (!promoted && at < 5000);
    if (!away && !lost) {
      const last = kept.at(-1);
      if (last !== undefined && last[1] + 1 === seq) last[1] = seq;
      else kept.push([seq, seq]);
    }
  }
  return history({
    operations,
    events: [
      event(5000, "run", "fault-injected", { fault: "kill", kind: "PodChaos", action: "pod-kill", pods: "redis-0" }),
      event(5100, "redis-0", "unreachable"),
      ...(promoted
        ? [
            event(7000, "redis-sentinel-0", "+sdown", { kind: "master", member: "redis-0" }),
            event(7100, "redis-sentinel-0", "+odown", { kind: "master", member: "redis-0" }),
            event(8000, "redis-sentinel-0", "+switch-master", { from: "redis-0", to: "redis-1" }),
          ]
        : []),
      event(backMs, "redis-0", "reachable"),
      event(backMs, "redis-0", "role", { role: "master" }),
      ...(promoted && returns
        ? [
            event(backMs + 2000, "redis-0", "role", { role: "replica" }),
            event(backMs + 2000, "redis-0", "link", { state: "up", master: "redis-1" }),
          ]
        : []),
      event(15_000, "run", "fault-removed", { fault: "kill" }),
    ],
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "active" },
      { type: "phase", atMs: 15_000, phase: "recovery" },
    ],
    finalReads: [finalRead(kept, { member: promoted ? "redis-1" : "redis-0" })],
    settings: [
      { type: "setting", member: "redis-0", name: "appendonly", value: "no" },
      { type: "setting", member: "redis-0", name: "min-replicas-to-write", value: "0" },
      { type: "setting", member: "redis-sentinel-0", name: "down-after-milliseconds", value: "2000" },
    ],
  });
}
