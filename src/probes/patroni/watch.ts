import type { Recorder } from "../recorder.ts";
import { lockHolder, viewPatroni, type PatroniPods, type PatroniView } from "./members.ts";

const everyMs = 250;
const timeoutMs = 400;
const walEveryMs = 1000;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/** Looks at every member's Patroni and at the lock four times a second, and tells what changed. */
export function watchPatroni(members: PatroniPods, now: () => number, tell: Tell): { stop(): void } {
  const before = new Map<string, PatroniView>();
  const toldWal = new Map<string, number>();
  let holder: string | null | undefined;
  let busy = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const [views, lock] = await Promise.all([viewPatroni(members, timeoutMs), lockHolder(members, timeoutMs)]);
      if (stopped) return;
      const atMs = now();
      if (lock !== undefined && lock !== holder) {
        holder = lock;
        tell({ atMs, source: "etcd", event: "lock", detail: { holder: lock } });
      }
      for (const view of views) change(view, atMs);
    } finally {
      busy = false;
    }
  };
  const change = (view: PatroniView, atMs: number): void => {
    const source = view.pod;
    const known = before.get(source);
    if (known !== undefined && known.reachable !== view.reachable) {
      tell({ atMs, source, event: view.reachable ? "reachable" : "unreachable", detail: {} });
    }
    const { role, state, timeline } = view;
    const same = known?.role === role && known.state === state && known.timeline === timeline;
    if (view.reachable && !same) tell({ atMs, source, event: "role", detail: { role, state, timeline } });
    if (view.reachable && view.walBytes !== null && atMs - (toldWal.get(source) ?? -Infinity) >= walEveryMs) {
      toldWal.set(source, atMs);
      tell({ atMs, source, event: "offset", detail: { offset: view.walBytes, role } });
    }
    before.set(source, view);
  };
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  void look().catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}
