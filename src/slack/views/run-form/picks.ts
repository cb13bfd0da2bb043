import type { KnownBlock } from "@slack/types";
import type { Experiment } from "../../../experiment/schema.ts";
import { anySystem, defaultOption, names } from "../../run-form/names.ts";
import { profileThatApplies, type Catalogue, type Picked } from "../../run-form/picked.ts";
import { channelInput, selectInput, type Offer } from "./elements.ts";

/** System, experiment and cluster; and the channel, where the form was opened in none. */
export function pickInputs(
  catalogue: Catalogue,
  picked: Picked,
  place: "in a channel" | "in no channel",
): KnownBlock[] {
  const { experiments, clusters } = catalogue;
  const systems = [...new Set(experiments.map(({ system }) => system))].toSorted();
  const fitting = experiments.filter(({ system }) => picked.system === null || system === picked.system);
  return [
    ...selectInput(
      { name: names.system, label: "System", placeholder: "Any system", need: "optional" },
      [{ value: anySystem, text: "Any system" }, ...systems.map((system) => ({ value: system, text: system }))],
      picked.system ?? anySystem,
    ),
    ...selectInput(
      { name: names.experiment(picked.system), label: "Experiment", placeholder: "Pick an experiment", need: "needed" },
      fitting.map(experimentOffer),
      picked.experiment,
    ),
    ...selectInput(
      { name: names.cluster, label: "Cluster", placeholder: "Pick a cluster", need: "needed" },
      clusters.map((cluster) => ({ value: cluster, text: cluster })),
      picked.cluster,
    ),
    ...(place === "in a channel"
      ? []
      : [
          channelInput(
            { name: names.channel, label: "Channel", hint: "Its card and its thread appear there, and the approval." },
            picked.channelId,
          ),
        ]),
  ];
}

function experimentOffer({ name, title, risk }: Experiment): Offer {
  return { value: name, text: name, description: `${title} (${risk} risk)` };
}

/** Named sets of values, where the experiment has some. */
export function profileInput(experiment: Experiment, picked: Picked, catalogue: Catalogue): KnownBlock[] {
  const profiles = Object.entries(experiment.profiles);
  if (profiles.length === 0) return [];
  const fallback = profileThatApplies(experiment, null, catalogue);
  const offers: Offer[] = profiles.map(([name, values]) => ({
    value: name === fallback ? defaultOption : name,
    text: name === fallback ? `${name} (used if none is picked)` : name,
    description: Object.entries(values)
      .map(([key, value]) => `${key}=${value}`)
      .join(" "),
  }));
  const none: Offer[] = fallback === null ? [{ value: defaultOption, text: "none: the experiment's own values" }] : [];
  return selectInput(
    {
      name: names.profile(experiment.name),
      label: "Profile",
      placeholder: "Pick a profile",
      hint: "A set of values for what you leave empty below.",
      need: "optional",
    },
    [...none, ...offers],
    picked.profile ?? defaultOption,
  );
}
