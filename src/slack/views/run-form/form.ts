import type { KnownBlock } from "@slack/types";
import type { Experiment } from "../../../experiment/schema.ts";
import { writeSeen } from "../../run-form/form-state.ts";
import { names } from "../../run-form/names.ts";
import type { Outcome } from "../../run-form/outcome.ts";
import { fingerprint, requestOf, type Catalogue, type Picked } from "../../run-form/picked.ts";
import type { ModalView } from "../../modal.ts";
import { divider, escapeText, section } from "../../limits.ts";
import { parameterInputs } from "./parameters.ts";
import { pickInputs, profileInput } from "./picks.ts";
import { planPart } from "./plan-part.ts";

/** All that the form for a run shows. */
export interface RunForm {
  catalogue: Catalogue;
  picked: Picked;
  outcome: Outcome;
  /** Said on top, e.g. why nothing was asked for yet. */
  notice: string | null;
  place: "in a channel" | "in no channel";
}

/** The form for a run: what is picked and typed, and what it would do. It can be asked for once its plan is shown. */
export function renderRunForm({ catalogue, picked, outcome, notice, place }: RunForm): ModalView {
  const experiment = catalogue.experiments.find(({ name }) => name === picked.experiment);
  const isPlanned = outcome.kind === "planned";
  const seen = isPlanned ? { request: fingerprint(requestOf(picked)), digest: outcome.digest } : null;
  return {
    callback: names.form,
    title: "Run an experiment",
    submit: isPlanned ? "Ask for it" : "Show the plan",
    close: "Cancel",
    state: writeSeen(seen),
    blocks: [
      ...(notice === null ? [] : [section(`:eyes: ${notice}`)]),
      ...(catalogue.experiments.length === 0 ? [section("The catalogue is empty: there is no file in jobs/.")] : []),
      ...pickInputs(catalogue, picked, place),
      ...(experiment === undefined ? [] : experimentPart(experiment, picked, catalogue)),
      divider,
      ...planPart(outcome),
    ],
  };
}

function experimentPart(experiment: Experiment, picked: Picked, catalogue: Catalogue): KnownBlock[] {
  const { title, risk, hypothesis } = experiment;
  return [
    section(`*${escapeText(title)}* · ${risk} risk\n_${escapeText(hypothesis)}_`),
    ...profileInput(experiment, picked, catalogue),
    ...parameterInputs(experiment, picked, catalogue),
  ];
}
