import type { Recorder } from "../recorder.ts";
import type { PodAddress } from "../system.ts";
import { lockHolder, viewMember, type PatroniPods, type PatroniView } from "./members.ts";

const everyMs = 250;
const timeoutMs = 400;
const walEveryMs = 1000;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/**
 * Looks at every member's Patroni and at the lock four times a second, and tells what changed. Each is asked on its
 * own: one that does not answer must not make the others' news late.
 */
export function watchPatroni(members: PatroniPods, now: () => number, tell: Tell): { stop(): void } {
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
    const lock = await lockHolder(members, timeoutMs);
    if (stopped || lock === undefined || lock === holder) return;
    holder = lock;
    tell({ atMs: now(), source: "etcd", event: "lock", detail: { holder: lock } });
  };
  const lookAtMember = async (pod: PodAddress): Promise<void> => {
    const view = await viewMember(pod, timeoutMs);
    if (!stopped) change(view, now());
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
  const look = (): void => {
    alone("the lock", lookAtLock);
    for (const pod of members.pods) alone(pod.name, () => lookAtMember(pod));
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
