import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { valueRefusal } from "../experiment/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import { targetParameter } from "./choose.ts";
import { presetParameterNames } from "./presets.ts";
import type { Target } from "./target.ts";

/** What a target's place in the configuration says already; a parameter of that name would be ignored. */
const saidOtherwise = ["namespace", targetParameter];

/**
 * Throws AftershockError `bad_config` for a target whose parameters mean nothing: a name that no experiment of its systems
 * has, or a value that all of those that have it refuse. A run would otherwise go by a default, perhaps on another system
 * than was meant. A target of whose systems there is no experiment is not judged. Pure.
 */
export function refuseWrongParameters(
  targets: Readonly<Record<string, readonly Target[]>>,
  experiments: readonly Experiment[],
): void {
  for (const [cluster, all] of Object.entries(targets)) {
    for (const target of all) {
      const own = experiments.filter(({ system }) => target.systems.includes(system));
      const where = `The target ${target.name} of the cluster ${cluster}`;
      if (own.length > 0) refuseParameters(target, own, { where, mend: `clusters.${cluster}.targets` });
    }
  }
}

function refuseParameters(
  { systems, parameters }: Target,
  experiments: readonly Experiment[],
  { where, mend }: { where: string; mend: string },
): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (saidOtherwise.includes(name)) {
      throw new AftershockError(
        "bad_config",
        `${where} has ${name} among its parameters, where it means nothing.`,
        `In ${mend}, ${name === targetParameter ? "its name is its own" : "write it"} beside parameters.`,
      );
    }
    const having = experiments.filter((experiment) => Object.hasOwn(experiment.parameters, name));
    if (having.length === 0) {
      // A preset says at once what all experiments of its operator need, whichever are in the catalogue.
      if (presetParameterNames().has(name)) continue;
      const names = [...new Set(experiments.flatMap((experiment) => Object.keys(experiment.parameters)))];
      const close = nearest(name, names);
      const known = names.filter((each) => !saidOtherwise.includes(each)).toSorted();
      throw new AftershockError(
        "bad_config",
        `${where} sets ${name}, which no experiment of ${systems.join(", ")} has.`,
        close === undefined ? `In ${mend}, one of: ${known.join(", ")}.` : `Did you mean ${close}? It is in ${mend}.`,
      );
    }
    const refusals = having.map((experiment) => valueRefusal(experiment, name, String(value)));
    const [first] = refusals;
    if (first && !refusals.includes(null)) {
      throw new AftershockError("bad_config", `${where}: ${first.message}`, `Mend it in ${mend}.`);
    }
  }
}
