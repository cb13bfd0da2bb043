import { fileURLToPath } from "node:url";
import { loadExperiments } from "../../../src/experiment/load.ts";
import type { Experiment } from "../../../src/experiment/schema.ts";
import { slackModal, type ModalView } from "../../../src/slack/modal.ts";
import type { Outcome } from "../../../src/slack/run-form/outcome.ts";
import { firstPick, type Catalogue, type Picked } from "../../../src/slack/run-form/picked.ts";
import { blastRadiusLines } from "../../../src/slack/views/run-form/blast-radius.ts";
import { renderRunForm, type RunForm } from "../../../src/slack/views/run-form/form.ts";
import { planPart } from "../../../src/slack/views/run-form/plan-part.ts";
import { refuseView } from "../../support/slack-gate/rules.ts";
import { poison } from "./hostile.ts";
import type { Entry, Hostile } from "./renderers.ts";

const experiments = await loadExperiments(fileURLToPath(new URL("../../../jobs", import.meta.url)));

/** As a file could say it: what the schema bounds (names, risk, types, durations) stays, all words are hostile. */
function hostileExperiment(experiment: Experiment, text: string): Experiment {
  const { name, system, risk, parameters, profiles } = experiment;
  return {
    ...poison(experiment, text),
    name,
    system,
    risk,
    profiles: Object.fromEntries(Object.keys(profiles).map((profile) => [profile, { rate: text }])),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, definition]) => [
        key,
        definition.type === "choice" || definition.type === "text"
          ? {
              ...definition,
              ...poison({ default: "", description: "" }, text),
              ...(definition.type === "choice" ? { choices: [text, "other"] } : {}),
            }
          : { ...definition, description: text },
      ]),
    ),
  };
}

const catalogueOf = ({ text }: Hostile): Catalogue => ({
  experiments: experiments.map((experiment) => hostileExperiment(experiment, text)),
  clusters: ["lab", "staging"],
  defaultCluster: "lab",
  defaultProfile: "demo",
});

function outcomes({ text, runs, explanations }: Hostile): Outcome[] {
  const [explanation = null] = explanations;
  return [
    { kind: "nothing picked" },
    { kind: "resolving" },
    { kind: "problem", message: text, hint: text, explanation },
    { kind: "problem", message: text, hint: text, explanation: null },
    ...runs
      .slice(0, 2)
      .flatMap(({ plan, digest }) =>
        explanations.map((each) => ({ kind: "planned", plan, digest, explanation: each }) as const),
      ),
  ];
}

function forms(given: Hostile): RunForm[] {
  const catalogue = catalogueOf(given);
  const typed = ({ parameters }: Experiment): Picked["parameters"] =>
    Object.fromEntries(Object.keys(parameters).map((name) => [name, given.text]));
  const picks: Picked[] = experiments.map((experiment) => ({
    ...firstPick(catalogue, experiment.name),
    parameters: typed(experiment),
    profile: given.text,
    showsEverything: true,
    channelId: "C1",
  }));
  const [one = firstPick(catalogue, null)] = picks;
  return [
    ...[firstPick(catalogue, null), firstPick(catalogue, given.text), ...picks].map((picked) => ({
      catalogue,
      picked,
      outcome: { kind: "resolving" } as const,
      notice: null,
      place: "in no channel" as const,
    })),
    ...outcomes(given).map((outcome) => ({
      catalogue,
      picked: one,
      outcome,
      notice: "n",
      place: "in a channel" as const,
    })),
    {
      catalogue: { ...catalogue, experiments: [] },
      picked: one,
      outcome: { kind: "resolving" },
      notice: null,
      place: "in a channel",
    },
  ];
}

/** Blocks for the checks of all texts; throws when Slack would not take the form itself. */
function asForm(view: ModalView): ModalView["blocks"] {
  const refusals = refuseView(slackModal(view, { channelId: "C1" }));
  if (refusals.length > 0) throw new Error(JSON.stringify(refusals.slice(0, 3)));
  return view.blocks;
}

/** The form for a run. */
export const runFormRenderers: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  "views/run-form/form.ts": { renderRunForm: (given) => forms(given).flatMap((form) => asForm(renderRunForm(form))) },
  "views/run-form/plan-part.ts": { planPart: (given) => outcomes(given).flatMap(planPart) },
  "views/run-form/blast-radius.ts": {
    blastRadiusLines: ({ runs }) => runs.flatMap(({ plan }) => blastRadiusLines(plan)),
  },
  "views/run-form/parameters.ts": { parameterInputs: "helps others" },
  "views/run-form/picks.ts": { pickInputs: "helps others", profileInput: "helps others" },
  "views/run-form/elements.ts": {
    selectInput: "helps others",
    textInput: "helps others",
    tickInput: "helps others",
    channelInput: "helps others",
  },
};
