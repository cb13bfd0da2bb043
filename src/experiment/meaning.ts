import { isAftershockError } from "../errors.ts";
import { parseDurationMs } from "./duration.ts";
import { referredParameters } from "./insert-parameters.ts";
import { resolveParameters } from "./parameters.ts";
import { resolveWatch } from "./resolve-watch.ts";
import type { Experiment, ParameterDefinition } from "./schema.ts";

export interface MeaningProblem {
  path: readonly string[];
  why: string;
}

/** Parameters that the conductor itself reads; every experiment must have them. */
const requiredDurations = ["duration", "baseline", "recovery"] as const;

/** No phase of a run may be allowed to last longer. A timer of Node wraps round after 24.8 days and fires at once. */
const longestPhaseMs = 24 * 3_600_000;

/** What the schema cannot say of an experiment whose every field has its type; null when all of it makes sense. */
export function meaningProblem(experiment: Experiment): MeaningProblem | null {
  const { parameters, profiles, faults } = experiment;
  for (const name of requiredDurations) {
    const path = ["parameters", name];
    const definition = own(parameters, name);
    if (definition?.type !== "duration") return { path, why: "is missing or no duration; the run needs it" };
    if (parseDurationMs(definition.max) > longestPhaseMs) return { path: [...path, "max"], why: "is more than 24h" };
  }
  for (const [name, definition] of Object.entries(parameters)) {
    const problem = parameterProblem(definition);
    if (problem !== null) return { path: ["parameters", name, ...problem.path], why: problem.why };
  }
  const stranger = referredParameters(faults).find((name) => own(parameters, name) === undefined);
  if (stranger !== undefined) return { path: ["faults"], why: `use \${${stranger}}, which is no parameter` };
  const condition = conditionProblem(experiment);
  if (condition !== null) return condition;
  for (const [profile, values] of Object.entries(profiles)) {
    const unknown = Object.keys(values).find((name) => own(parameters, name) === undefined);
    if (unknown !== undefined) return { path: ["profiles", profile, unknown], why: "is no parameter" };
    try {
      resolveParameters(experiment, {}, profile);
    } catch (error) {
      if (!isAftershockError(error)) throw error;
      return { path: ["profiles", profile], why: `does not fit: ${error.message.replace(/\.$/, "")}` };
    }
  }
  return null;
}

/** Where a parameter may stand depends on its definition alone, so that the defaults tell for all values. */
function conditionProblem(experiment: Experiment): MeaningProblem | null {
  const seen = new Set<string>();
  for (const [index, condition] of experiment.stopConditions.entries()) {
    const path = ["stopConditions", String(index)];
    if (seen.has(condition.id)) return { path: [...path, "id"], why: `is taken: ${condition.id}` };
    seen.add(condition.id);
    if ("client" in condition) continue;
    try {
      resolveWatch(condition, experiment, resolveParameters(experiment, {}, undefined));
    } catch (error) {
      if (!isAftershockError(error)) throw error;
      return { path, why: `does not fit: ${error.message.replace(/\.$/, "")}` };
    }
  }
  return null;
}

function parameterProblem(definition: ParameterDefinition): MeaningProblem | null {
  const outside = { path: ["default"], why: "is outside its own range" };
  switch (definition.type) {
    case "duration": {
      const [least = 0, value = 0, most = 0] = [definition.min, definition.default, definition.max].map(
        parseDurationMs,
      );
      return least <= value && value <= most && Number.isSafeInteger(most) ? null : outside;
    }
    case "integer":
      return definition.min <= definition.default && definition.default <= definition.max ? null : outside;
    case "choice": {
      const stranger = Object.keys(definition.values).find((choice) => !definition.choices.includes(choice));
      if (stranger !== undefined) return { path: ["values"], why: `has ${stranger}, which is no choice` };
      return definition.choices.includes(definition.default) ? null : outside;
    }
    case "text":
      return textProblem(definition);
  }
}

/** A pattern that is not tied to both ends lets anything through around what it matches. */
function textProblem({
  pattern,
  default: value,
}: Extract<ParameterDefinition, { type: "text" }>): MeaningProblem | null {
  if (!/^\^.*\$$/s.test(pattern)) return { path: ["pattern"], why: "must begin with ^ and end with $" };
  try {
    return new RegExp(pattern).test(value) ? null : { path: ["default"], why: "does not match its own pattern" };
  } catch {
    return { path: ["pattern"], why: "is no regular expression" };
  }
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
