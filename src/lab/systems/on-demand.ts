import { setTimeout as sleep } from "node:timers/promises";

/** A system that starts when it is first asked for. */
export interface LabSystem {
  namespace: string;
  /** Namespaces whose systems must have formed before this one starts. */
  needs?: readonly string[];
  /** Creates its objects; called once. */
  start(): void;
  /** Whether all members run and agree. */
  formed(): Promise<boolean>;
}

const formDeadlineMs = 30_000;
const lookEveryMs = 100;

/**
 * Starts systems when somebody asks for something in their namespace, so that the lab is ready in seconds whatever it
 * could run. The first question waits until the system has formed, or for half a minute.
 */
export function startOnDemand(
  systems: readonly LabSystem[],
  log: (message: string) => void,
): { wake(namespace: string): Promise<void>; stop(): void } {
  const waking = new Map<string, Promise<void>>();
  let stopped = false;
  const begin = async (system: LabSystem): Promise<void> => {
    await Promise.all((system.needs ?? []).map(wake));
    const end = performance.now() + formDeadlineMs;
    system.start();
    while (!stopped && !(await system.formed())) {
      if (performance.now() > end) {
        return log(`namespace ${system.namespace} has not formed after ${formDeadlineMs / 1000} s; see its pods' logs`);
      }
      await sleep(lookEveryMs, undefined, { ref: false });
    }
  };
  const wake = async (namespace: string): Promise<void> => {
    const system = systems.find((candidate) => candidate.namespace === namespace);
    if (system === undefined || stopped) return;
    const known = waking.get(namespace) ?? begin(system);
    waking.set(namespace, known);
    await known;
  };
  return {
    wake,
    stop: () => {
      stopped = true;
    },
  };
}
