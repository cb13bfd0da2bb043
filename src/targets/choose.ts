import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Target } from "./target.ts";

/** The parameter by which a run names its target; experiments have it where targets are configured for their system. */
export const targetParameter = "target";
/** Whichever fits; none where none does. */
export const anyTarget = "auto";
export const noTarget = "none";

/** The experiments, with the parameter `target` where there is something to choose. Pure. */
export function withTargets(experiments: readonly Experiment[], targets: readonly Target[]): Experiment[] {
  return experiments.map((experiment) => {
    const own = targets.filter(({ systems }) => systems.includes(experiment.system)).map(({ name }) => name);
    if (own.length === 0) return experiment;
    return {
      ...experiment,
      parameters: {
        ...experiment.parameters,
        [targetParameter]: {
          type: "choice",
          description: "Which of the configured targets; auto: the one that fits, none: by labels alone",
          default: anyTarget,
          choices: [anyTarget, ...new Set(own), noTarget],
          values: {},
        },
      },
    };
  });
}

/**
 * The target that a run is about. `auto` takes the only one in the namespace that was asked for, or the only one at all
 * when none was; null: there is none. Throws AftershockError `bad_parameter` where it would be a guess. Pure.
 */
export function chooseTarget(
  targets: readonly Target[],
  asked: { cluster: string; system: string; target: string; namespace: string | undefined },
): Target | null {
  const { cluster, system, namespace } = asked;
  if (asked.target === noTarget) return null;
  const own = targets.filter(({ systems }) => systems.includes(system));
  const there = namespace === undefined ? own : own.filter((target) => target.namespace === namespace);
  const names = (some: readonly Target[]): string => some.map(({ name }) => name).join(", ");
  if (asked.target === anyTarget) {
    if (there.length <= 1) return there[0] ?? null;
    throw new AftershockError(
      "bad_parameter",
      `The cluster ${cluster} has several targets for ${system}${namespace === undefined ? "" : ` in ${namespace}`}: ${names(there)}.`,
      `Say which: target=${there[0]?.name}`,
    );
  }
  const found = own.find(({ name }) => name === asked.target);
  if (found === undefined) {
    const close = nearest(
      asked.target,
      own.map(({ name }) => name),
    );
    throw new AftershockError(
      "bad_parameter",
      `The cluster ${cluster} has no target ${asked.target} for ${system}.`,
      close === undefined
        ? `It has: ${own.length === 0 ? "none" : names(own)}. They are in clusters.${cluster}.targets of the configuration`
        : `Did you mean target=${close}?`,
    );
  }
  if (namespace === undefined || namespace === found.namespace) return found;
  throw new AftershockError(
    "bad_parameter",
    `The target ${found.name} is in the namespace ${found.namespace}, not in ${namespace}.`,
    "Leave namespace= out.",
  );
}
