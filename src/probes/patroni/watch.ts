import type { Recorder } from "../recorder.ts";
import type { LeaderLock } from "./lock.ts";
import type { PatroniPods, PatroniView } from "./members.ts";

const everyMs = 250;
const timeoutMs = 400;
/** The API server may be far away; a look that is under way is not begun again. */
const apiTimeoutMs = 1000;
const walEveryMs = 1000;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/**
 * Looks at every member, as its manager has it, and at Patroni's lock four times a second, and tells what changed. Each
 * is asked on its own: one that does not answer must not make the others' news late.
 */
export function watchPatroni(members: PatroniPods, lock: LeaderLock, now: () => number, tell: Tell): { stop(): void } {
  const before = new Map<string, PatroniView>();
  const toldWal = new Map<string, number>();
  const underWay = new Set<string>();
  let holder: string | null | undefined;
  let stopped = false;
  const alone = (what: string, look: () => Promise<void>): void => {
    if (underWay.has(what)) return;
    underWay.add(what);
    void look()
      .catch(() => undefined)
      .finally(() => underWay.delete(what));
  };
  const lookAtLock = async (): Promise<void> => {
    const reading = await lock.read(lock.source === "kubernetes" ? apiTimeoutMs : timeoutMs);
    if (stopped || reading.holder === undefined || reading.holder === holder) return;
    if (holder !== null && reading.holder !== null && reading.freeForMs !== undefined) {
      tell({ atMs: now() - reading.freeForMs, source: lock.source, event: "lock", detail: { holder: null } });
    }
    holder = reading.holder;
    tell({ atMs: now(), source: lock.source, event: "lock", detail: { holder } });
  };
  const lookAtMember = async (pod: string): Promise<void> => {
    const view = await members.manager.view(pod, timeoutMs);
    if (!stopped) change(view, now());
  };
  const change = (view: PatroniView, atMs: number): void => {
    const source = view.pod;
    const known = before.get(source);
    if (known !== undefined && known.reachable !== view.reachable) {
      tell({ atMs, source, event: view.reachable ? "reachable" : "unreachable", detail: {} });
    }
    const { role, state, timeline } = view;
    // A replica without a receiver may know none; that is no news.
    const same = known?.role === role && known.state === state && (timeline === null || known.timeline === timeline);
    if (view.reachable && !same) tell({ atMs, source, event: "role", detail: { role, state, timeline } });
    if (view.reachable && view.walBytes !== null && atMs - (toldWal.get(source) ?? -Infinity) >= walEveryMs) {
      toldWal.set(source, atMs);
      tell({ atMs, source, event: "offset", detail: { offset: view.walBytes, role } });
    }
    before.set(source, { ...view, timeline: timeline ?? known?.timeline ?? null });
  };
  const look = (): void => {
    alone("the lock", lookAtLock);
    for (const { name } of members.pods) alone(name, () => lookAtMember(name));
  };
  const timer = setInterval(look, everyMs);
  look();
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}
