import { resolveParameters } from "../experiment/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { NewItem } from "./decide/act.ts";
import { longestWords } from "./events.ts";
import type { AgendaRequest } from "./service.ts";

/**
 * An item of the agenda from what was typed, with the experiment's hypothesis for all to see. What would stop it early
 * is what was written down, or else the experiment's own stop conditions. Throws AftershockError `bad_parameter` for a
 * parameter that is not allowed.
 */
export function plannedItemOf(experiment: Experiment, request: AgendaRequest): NewItem {
  const { parameters, profile, cluster, expect, mayBreak, abortWhen } = request;
  resolveParameters(experiment, parameters, profile ?? undefined);
  const ownStops = experiment.stopConditions
    .map(({ title }) => title)
    .join("; ")
    .slice(0, longestWords);
  return {
    experiment: experiment.name,
    title: experiment.title,
    parameters: { ...parameters },
    profile,
    cluster,
    hypothesis: experiment.hypothesis,
    expect,
    mayBreak,
    abortWhen: abortWhen ?? (ownStops === "" ? null : ownStops),
  };
}
