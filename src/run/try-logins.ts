import { isAftershockError, messageOf } from "../errors.ts";
import type { Experiment } from "../experiment/schema.ts";
import { targetParameter } from "../targets/choose.ts";
import type { Target } from "../targets/target.ts";
import { resolveWithTarget } from "./planner.ts";
import { openPlanned, type Registry } from "./systems.ts";
import { isEnabled } from "./where-allowed.ts";

/** What came of opening a target as planning a run opens it. */
export type LoginTried = { system: string } & (
  | {
      outcome: "in";
      members: readonly string[];
      /** Those that did not answer, of whom nothing is known. */
      silent: readonly string[];
      /** What the members then said of themselves; null: they agree on nothing, which `trouble` says. */
      summary: string | null;
      trouble: string | null;
    }
  | { outcome: "refused"; why: string; hint: string }
  /** Nothing was learnt of its servers. */
  | { outcome: "not tried"; why: string }
);

/**
 * Opens a target's systems as a dry run does, and closes them: each adapter connects to its servers, logs in, asks whether
 * the bot may do what a run does, and writes nothing. Adapters on the same pods are the same servers, and tried once; null:
 * no enabled experiment is about the target. Never rejects.
 */
export async function tryLogins(
  registry: Registry,
  cluster: string,
  target: Target,
  signal: AbortSignal,
): Promise<LoginTried[] | null> {
  const own = registry.experiments.filter(
    ({ system, name }) => target.systems.includes(system) && isEnabled(registry.allowed, name),
  );
  const tried = new Map<string, Experiment>();
  for (const experiment of own) {
    const { name, occupies = name } = registry.system(experiment.system);
    // The plainest of them, which is named as the pods are.
    if (name === occupies || !tried.has(occupies)) tried.set(occupies, experiment);
  }
  if (tried.size === 0) return null;
  return Promise.all(
    [...tried.values()].map(async (experiment): Promise<LoginTried> => {
      const { system } = experiment;
      try {
        return { system, ...(await open(registry, { cluster, target, experiment, signal })) };
      } catch (error) {
        if (!isAftershockError(error)) return { system, outcome: "not tried", why: registry.hide(messageOf(error)) };
        const [why, hint] = [registry.hide(error.message), registry.hide(error.hint)];
        return error.code === "system_unreachable"
          ? { system, outcome: "refused", why, hint }
          : { system, outcome: "not tried", why };
      }
    }),
  );
}

async function open(
  registry: Registry,
  asked: { cluster: string; target: Target; experiment: Experiment; signal: AbortSignal },
): Promise<Omit<Extract<LoginTried, { outcome: "in" }>, "system">> {
  const { cluster, target, experiment, signal } = asked;
  const input = { experiment, typed: { [targetParameter]: target.name }, cluster };
  const parameters = resolveWithTarget(registry, input, undefined);
  const planned = { cluster, system: experiment.system, namespace: target.namespace, parameters };
  const session = await openPlanned(registry, planned, { runId: "doctor", signal, log: () => undefined });
  try {
    const { members } = await session.describe();
    try {
      const { silent = [], summary } = await session.topology();
      return { outcome: "in", members, silent, summary, trouble: null };
    } catch (error) {
      return { outcome: "in", members, silent: [], summary: null, trouble: registry.hide(messageOf(error)) };
    }
  } finally {
    await session.close();
  }
}
