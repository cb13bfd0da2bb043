import { setTimeout as sleep } from "node:timers/promises";

/** A system that starts when it is first asked for. */
export interface LabSystem {
  namespace: string;
  /** Namespaces whose systems must have formed before this one starts. */
  needs?: readonly string[];
  /**
   * Values of the label `app` on its pods, where other systems share its namespace. A question that names one of them
   * (`app=rabbitmq`, `rabbitmq-0`) is for this system and not for its neighbours. Absent: every question in the
   * namespace is for it.
   */
  apps?: readonly string[];
  /** Creates its objects; called once. */
  start(): void;
  /** Whether all members run and agree. */
  formed(): Promise<boolean>;
}

/** What somebody asks for: a namespace, and of it an object by name, or objects by a label selector, or anything. */
export interface Question {
  namespace: string;
  name?: string;
  labelSelector?: string;
}

const formDeadlineMs = 30_000;
const lookEveryMs = 100;

/**
 * Starts systems when somebody asks for something of theirs, so that the lab is ready in seconds whatever it could run.
 * The first question waits until the system has formed, or for half a minute.
 */
export function startOnDemand(
  systems: readonly LabSystem[],
  log: (message: string) => void,
): { wake(question: Question): Promise<void>; stop(): void } {
  const waking = new Map<LabSystem, Promise<void>>();
  let stopped = false;
  const begin = async (system: LabSystem): Promise<void> => {
    await Promise.all((system.needs ?? []).map((namespace) => wake({ namespace })));
    const end = performance.now() + formDeadlineMs;
    system.start();
    while (!stopped && !(await system.formed())) {
      if (performance.now() > end) {
        const name = [system.namespace, ...(system.apps ?? [])].join("/");
        return log(`${name} has not formed after ${formDeadlineMs / 1000} s; see its pods' logs`);
      }
      await sleep(lookEveryMs, undefined, { ref: false });
    }
  };
  const wake = async (question: Question): Promise<void> => {
    if (stopped) return;
    const meant = systemsMeant(systems, question, (system) => waking.has(system));
    await Promise.all(
      meant.map((system) => {
        const known = waking.get(system) ?? begin(system);
        waking.set(system, known);
        return known;
      }),
    );
  };
  return {
    wake,
    stop: () => {
      stopped = true;
    },
  };
}

/**
 * Whom a question is for. One that names nobody in particular (`kubectl get pods -n messaging`, a chaos object) is for
 * all of the namespace; but once some of them run, those are meant, so that an experiment on one system does not start
 * its neighbours by looking around.
 */
export function systemsMeant(
  systems: readonly LabSystem[],
  { namespace, name, labelSelector }: Question,
  runs: (system: LabSystem) => boolean,
): LabSystem[] {
  const there = systems.filter((system) => system.namespace === namespace);
  const always = there.filter(({ apps }) => apps === undefined);
  const sharing = there.filter(({ apps }) => apps !== undefined);
  const named = appsOf(labelSelector) ?? [];
  const byName = (app: string): boolean => name !== undefined && new RegExp(`(^|-)${app}(-|$)`).test(name);
  const own = sharing.filter(({ apps = [] }) => apps.some((app) => named.includes(app) || byName(app)));
  if (own.length > 0 || named.length > 0) return [...always, ...own];
  const running = sharing.filter(runs);
  return [...always, ...(running.length > 0 ? running : sharing)];
}

/** The apps that a label selector asks for (`app=a`, `app in (a,b)`); null when it does not choose by app. */
function appsOf(labelSelector = ""): string[] | null {
  const chosen = /(?:^|,)\s*app\s*(?:==?\s*([\w.-]+)|in\s*\(([^)]*)\))/.exec(labelSelector);
  if (chosen === null) return null;
  return (chosen[1] ?? chosen[2] ?? "").split(",").map((value) => value.trim());
}
