import { agreedMaster, viewSentinels } from "./views.ts";
import type { RedisPods } from "./pods.ts";

const askEveryMs = 1000;
const askTimeoutMs = 300;

/**
 * Where the master is, as an application that follows Sentinel knows it: told by `+switch-master`, and asked again
 * each second (by majority, since right after a failover not all Sentinels know yet).
 */
export interface MasterWatch {
  /** Pod name; null before the first answer. */
  current(): string | null;
  /** News from a Sentinel's `+switch-master`. */
  switched(pod: string): void;
  onChange(listener: (pod: string) => void): void;
  stop(): void;
}

export function startMasterWatch(pods: RedisPods, initial: string): MasterWatch {
  const listeners: Array<(pod: string) => void> = [];
  let current = initial;
  let toldAt = 0;
  let asking = false;
  const set = (pod: string): void => {
    if (pod === current) return;
    current = pod;
    for (const listener of listeners) listener(pod);
  };
  const ask = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    const askedAt = performance.now();
    try {
      const master = agreedMaster(await viewSentinels(pods, askTimeoutMs));
      // An answer that was on its way while a switch was announced is old news.
      if (master !== null && askedAt > toldAt + askEveryMs) set(master);
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void ask().catch(() => undefined), askEveryMs);
  return {
    current: () => current,
    switched: (pod) => {
      toldAt = performance.now();
      set(pod);
    },
    onChange: (listener) => listeners.push(listener),
    stop: () => clearInterval(timer),
  };
}
