import type { KnownBlock } from "@slack/types";
import { rangeText } from "../../../experiment/parameters.ts";
import type { Experiment, ParameterDefinition } from "../../../experiment/schema.ts";
import { choicePrefix, defaultOption, names } from "../../run-form/names.ts";
import { effectiveDefault, profileThatApplies, type Catalogue, type Picked } from "../../run-form/picked.ts";
import { note } from "../../limits.ts";
import { selectInput, textInput, tickInput } from "./elements.ts";

/**
 * Of what is asked for parameters: with everything else that stands in the form far from the 100 blocks that Slack takes,
 * and from the 250,000 bytes that it takes of a view's JSON (`view_too_large`).
 */
const most = { parameters: 60, bytes: 100_000 } as const;
const longest = { duration: 30, integer: 20, text: 500 } as const;

/**
 * An input for each parameter, empty where the default holds. What says where the system is (names of namespaces, labels
 * and the like) is shown when it is asked for, or was changed.
 */
export function parameterInputs(experiment: Experiment, picked: Picked, catalogue: Catalogue): KnownBlock[] {
  const all = Object.entries(experiment.parameters);
  const profile = profileThatApplies(experiment, picked.profile, catalogue);
  const isSetting = ([, { type }]: (typeof all)[number]): boolean => type === "text";
  const settings = all.filter(isSetting);
  const shown = [
    ...all.filter((one) => !isSetting(one)),
    ...settings.filter(([name]) => picked.showsEverything || Object.hasOwn(picked.parameters, name)),
  ];
  const input = (name: string, definition: ParameterDefinition): KnownBlock[] =>
    parameterInput(definition, {
      name: names.parameter(experiment.name, name),
      label: name,
      holds: effectiveDefault(experiment, name, profile),
      typed: picked.parameters[name] ?? null,
    });
  const inputs = shown.map(([name, definition]) => input(name, definition));
  const fitting = inputs.slice(0, howManyFit(inputs));
  const left = inputs.length - fitting.length;
  return [
    ...fitting.flat(),
    ...(left === 0
      ? []
      : [
          note(
            `${left} more ${left === 1 ? "parameter has" : "parameters have"} no room here; type a command for them.`,
          ),
        ]),
    ...(settings.length === 0
      ? []
      : [
          tickInput(
            { name: names.everything(experiment.name), label: "Where the system is" },
            {
              value: "all",
              text: `Show ${settings.length === 1 ? "this setting" : `these ${settings.length} settings`} too`,
              description: settings.map(([name]) => name).join(", "),
            },
            picked.showsEverything ? "ticked" : "empty",
          ),
        ]),
  ];
}

/** How many of the parameters, from the first on, Slack takes with the rest of the form. */
function howManyFit(inputs: ReadonlyArray<readonly KnownBlock[]>): number {
  let bytes = 0;
  const beyond = inputs.findIndex((blocks, at) => {
    bytes += Buffer.byteLength(JSON.stringify(blocks));
    return at === most.parameters || bytes > most.bytes;
  });
  return beyond === -1 ? inputs.length : beyond;
}

function parameterInput(
  definition: ParameterDefinition,
  asked: { name: string; label: string; holds: string; typed: string | null },
): KnownBlock[] {
  const { name, label, holds, typed } = asked;
  if (definition.type !== "choice") {
    const bounds = definition.type === "text" ? "" : `: ${rangeText(definition)}`;
    const hint = `${definition.description}${bounds}. If left empty: ${holds}`;
    return [textInput({ name, label, hint, placeholder: holds, longest: longest[definition.type] }, typed)];
  }
  const choices = definition.choices.map((choice) => ({ value: `${choicePrefix}${choice}`, text: choice }));
  return selectInput(
    { name, label, hint: definition.description, placeholder: holds, need: "optional" },
    [{ value: defaultOption, text: `${holds} (default)` }, ...choices.filter(({ text }) => text !== holds)],
    typed === null || typed === holds ? defaultOption : `${choicePrefix}${typed}`,
  );
}
