import { setTimeout as sleep } from "node:timers/promises";
import type { Sleeper } from "./sleeper.ts";

/** A system that starts when it is first asked for, and stops when nobody has used it for a while. */
export interface LabSystem {
  namespace: string;
  /**
   * Values of the label `app` on its pods, where other systems share its namespace. A question that names one of them
   * (`app=rabbitmq`, `rabbitmq-0`) is for this system and not for its neighbours. Absent: every question in the
   * namespace is for it.
   */
  apps?: readonly string[];
  /** Namespaces whose systems must have formed before this one starts. */
  needs?: readonly string[];
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

/** When systems stop, and how. */
export interface Idleness {
  /** So long nobody has asked for a system, and nothing says that it is in use. */
  afterMs: number;
  sleeper: Sleeper;
}

export interface OnDemand {
  /**
   * Resolves when what the question is for has formed, or after half a minute. What it resolves to ends the question: a
   * system that is being asked (a watch, an exec) does not stop.
   */
  wake(question: Question): Promise<() => void>;
  stop(): void;
}

/** A system that was started, and how it is used. */
interface Running {
  formed: Promise<void>;
  /** Questions that have not ended. */
  asking: number;
  usedAtMs: number;
}

const formDeadlineMs = 30_000;
const lookEveryMs = 100;
/** How often it is looked whether systems are in use: often enough to see a client that stays for a minute. */
const longestIdleLookMs = 15_000;

/**
 * Starts systems when somebody asks for something of theirs, so that the lab is ready in seconds whatever it could run,
 * and stops them, their volumes kept, when nobody has used them for a while. The first question, and the first after a
 * stop, waits until the system has formed, or for half a minute.
 */
export function startOnDemand(
  systems: readonly LabSystem[],
  log: (message: string) => void,
  idleness?: Idleness,
): OnDemand {
  const running = new Map<LabSystem, Running>();
  const asleep = new Set<LabSystem>();
  let stopped = false;
  const nameOf = ({ namespace, apps = [] }: LabSystem): string => [namespace, ...apps].join("/");

  const begin = async (system: LabSystem): Promise<void> => {
    const ended = await Promise.all((system.needs ?? []).map((namespace) => wake({ namespace })));
    if (asleep.delete(system) && idleness !== undefined) {
      while (!stopped && idleness.sleeper.stopping(system)) await sleep(lookEveryMs, undefined, { ref: false });
      idleness.sleeper.resume(system);
    } else {
      system.start();
    }
    const end = performance.now() + formDeadlineMs;
    while (!stopped && !(await system.formed())) {
      if (performance.now() > end) {
        log(`${nameOf(system)} has not formed after ${formDeadlineMs / 1000} s; see its pods' logs`);
        break;
      }
      await sleep(lookEveryMs, undefined, { ref: false });
    }
    for (const done of ended) done();
  };
  const ask = (system: LabSystem): Running => {
    const known = running.get(system) ?? { formed: begin(system), asking: 0, usedAtMs: 0 };
    running.set(system, known);
    known.asking += 1;
    return known;
  };
  const wake = async (question: Question): Promise<() => void> => {
    if (stopped) return () => undefined;
    const asked = systemsMeant(systems, question, (system) => running.has(system)).map(ask);
    await Promise.all(asked.map(({ formed }) => formed));
    return () => {
      for (const one of asked.splice(0)) {
        one.asking -= 1;
        one.usedAtMs = performance.now();
      }
    };
  };
  const stopIdle = ({ afterMs, sleeper }: Idleness): void => {
    const now = performance.now();
    for (const [system, state] of running) {
      if (state.asking > 0 || sleeper.use(system) !== null) state.usedAtMs = now;
      if (now - state.usedAtMs < afterMs) continue;
      running.delete(system);
      asleep.add(system);
      sleeper.sleep(system);
      log(`${nameOf(system)}: nobody has used it for ${Math.round(afterMs / 1000)} s; it stops and keeps its volumes`);
    }
  };
  const timer =
    idleness === undefined
      ? undefined
      : setInterval(() => stopIdle(idleness), Math.min(longestIdleLookMs, idleness.afterMs / 4)).unref();
  return {
    wake,
    stop: () => {
      stopped = true;
      clearInterval(timer);
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
