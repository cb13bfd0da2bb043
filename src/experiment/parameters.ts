import { AftershockError, isAftershockError } from "../errors.ts";
import { parseDurationMs } from "./duration.ts";
import { nearest } from "./nearest.ts";
import type { Experiment, ParameterDefinition, ParameterValue } from "./schema.ts";

/**
 * Values for every parameter of an experiment: the typed ones over the profile's over the target's over the defaults, each checked
 * against its bounds. Durations stay text in the result (`15s`), so that a plan reads as it was typed.
 * Throws AftershockError `bad_parameter` naming the parameter, the allowed range and an example.
 */
export function resolveParameters(
  experiment: Experiment,
  typed: Readonly<Record<string, string>>,
  profile: string | undefined,
  /** Of its target, which may say more than this experiment has. */
  fromTarget: Readonly<Record<string, string | number>> = {},
): Record<string, ParameterValue> {
  const names = Object.keys(experiment.parameters);
  for (const name of Object.keys(typed)) {
    if (!names.includes(name)) throw unknownParameter(experiment, name, names);
  }
  const fromProfile = profile === undefined ? {} : profileValues(experiment, profile);
  const values: Record<string, ParameterValue> = {};
  for (const [name, definition] of Object.entries(experiment.parameters)) {
    const given = own(typed, name) ?? own(fromProfile, name) ?? own(fromTarget, name);
    values[name] = given === undefined ? definition.default : parseValue(experiment, name, definition, String(given));
  }
  return values;
}

/** Why one value, whatever the others are, may not be; null when it may. */
export function valueRefusal(experiment: Experiment, name: string, value: string): AftershockError | null {
  try {
    resolveParameters(experiment, { [name]: value }, undefined);
    return null;
  } catch (error) {
    if (!isAftershockError(error)) throw error;
    return error;
  }
}

/** Whether a profile of that name exists; a cluster's default profile applies only where it does. */
export function hasProfile(experiment: Experiment, profile: string): boolean {
  return Object.hasOwn(experiment.profiles, profile);
}

/** The allowed range of a parameter, in words: `5s to 10m`, `1 to 2000 writes/s`, `a or b`. */
export function rangeText(definition: ParameterDefinition): string {
  switch (definition.type) {
    case "duration":
      return `${definition.min} to ${definition.max}`;
    case "integer":
      return `${definition.min} to ${definition.max}${definition.unit === undefined ? "" : ` ${definition.unit}`}`;
    case "choice":
      return definition.choices.join(" or ");
    case "text":
      return `text matching ${definition.pattern}`;
  }
}

function profileValues(experiment: Experiment, profile: string): Record<string, string | number> {
  const values = own(experiment.profiles, profile);
  if (values !== undefined) return values;
  const known = Object.keys(experiment.profiles);
  const close = nearest(profile, known);
  throw new AftershockError(
    "bad_parameter",
    `${experiment.name} has no profile "${profile}".`,
    known.length === 0
      ? "Leave profile= out."
      : `${close === undefined ? "" : `Did you mean profile=${close}? `}It has: ${known.join(", ")}.`,
  );
}

/** A record's own value: a person may type any name, also one that every object has (`constructor`). */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function parseValue(
  experiment: Experiment,
  name: string,
  definition: ParameterDefinition,
  text: string,
): ParameterValue {
  const close = definition.type === "choice" ? nearest(text, definition.choices) : undefined;
  const wrong = (): AftershockError =>
    new AftershockError(
      "bad_parameter",
      `${name}=${text} is not allowed for ${experiment.name}: it must be ${rangeText(definition)}.`,
      close === undefined
        ? `For example: /chaos run ${experiment.name} ${name}=${definition.default}`
        : `Did you mean ${name}=${close}?`,
    );
  switch (definition.type) {
    case "duration": {
      if (!/^(\d+(ms|s|m|h))+$/.test(text)) throw wrong();
      const valueMs = parseDurationMs(text);
      if (valueMs < parseDurationMs(definition.min) || valueMs > parseDurationMs(definition.max)) throw wrong();
      return text;
    }
    case "integer": {
      const value = Number(text);
      if (!/^-?\d+$/.test(text) || value < definition.min || value > definition.max) throw wrong();
      return value;
    }
    case "choice":
      if (!definition.choices.includes(text)) throw wrong();
      return text;
    case "text":
      if (!new RegExp(definition.pattern).test(text)) throw wrong();
      return text;
  }
}

function unknownParameter(experiment: Experiment, name: string, names: readonly string[]): AftershockError {
  const close = nearest(name, names);
  return new AftershockError(
    "bad_parameter",
    `${experiment.name} has no parameter "${name}".`,
    close === undefined
      ? `Its parameters: ${names.join(", ")}. See /chaos show ${experiment.name}`
      : `Did you mean ${close}? See /chaos show ${experiment.name}`,
  );
}
