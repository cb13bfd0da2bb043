import { createHash } from "node:crypto";
import { valueRefusal } from "../../experiment/parameters.ts";
import type { Experiment } from "../../experiment/schema.ts";
import type { RunChoices, RunRequest } from "../../run/service.ts";
import type { OpenModal } from "../modal.ts";
import { anySystem, choicePrefix, defaultOption, experimentAction, names } from "./names.ts";

/** What there is to pick from. */
export interface Catalogue extends RunChoices {
  experiments: readonly Experiment[];
}

/** What somebody has picked and typed so far. */
export interface Picked {
  /** Null: any. */
  system: string | null;
  /** As it came; there may be no such experiment (any more). */
  experiment: string | null;
  cluster: string;
  /** Null: the configuration's default, if any. */
  profile: string | null;
  /** As typed, by name; what was left empty is not there. */
  parameters: Readonly<Record<string, string>>;
  showsEverything: boolean;
  /** Where the run shall be shown; null: where the form was opened. */
  channelId: string | null;
}

/** What is picked in a form that was just opened. */
export function firstPick(catalogue: Catalogue, experiment: string | null): Picked {
  const found = catalogue.experiments.find(({ name }) => name === experiment);
  return {
    system: found?.system ?? null,
    experiment,
    cluster: catalogue.defaultCluster,
    profile: null,
    parameters: {},
    showsEverything: false,
    channelId: null,
  };
}

/**
 * What is picked, from the values of the form. An experiment of another system than the one that was picked is dropped; a
 * system's only experiment is picked with it. Pure; takes whatever values there are.
 */
export function readPicked({ values }: Pick<OpenModal, "values">, catalogue: Catalogue): Picked {
  const text = (name: string): string | null => {
    const value = Object.hasOwn(values, name) ? values[name] : null;
    return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
  };
  const system = chosen(text(names.system), anySystem);
  const experiment = experimentOf(text(experimentAction), system, catalogue);
  const definition = catalogue.experiments.find(({ name }) => name === experiment);
  const typed = Object.keys(definition?.parameters ?? {}).flatMap((parameter) => {
    const value = text(names.parameter(experiment ?? "", parameter));
    const isChoice = definition?.parameters[parameter]?.type === "choice";
    const given = isChoice ? choiceOf(value) : value;
    return given === null ? [] : [[parameter, given] as const];
  });
  return {
    system,
    experiment,
    cluster: text(names.cluster) ?? catalogue.defaultCluster,
    profile: chosen(text(names.profile(experiment ?? "")), defaultOption),
    parameters: Object.fromEntries(typed),
    showsEverything: [values[names.everything(experiment ?? "")] ?? []].flat().length > 0,
    channelId: text(names.channel),
  };
}

function experimentOf(picked: string | null, system: string | null, { experiments }: Catalogue): string | null {
  if (system === null) return picked;
  const own = experiments.filter((experiment) => experiment.system === system);
  const known = experiments.some(({ name }) => name === picked);
  if (picked !== null && (!known || own.some(({ name }) => name === picked))) return picked;
  return own.length === 1 ? (own[0]?.name ?? null) : null;
}

const chosen = (value: string | null, none: string): string | null => (value === none ? null : value);

function choiceOf(value: string | null): string | null {
  if (value === null || value === defaultOption) return null;
  return value.startsWith(choicePrefix) ? value.slice(choicePrefix.length) : value;
}

/** What would be typed: `run EXPERIMENT name=value … cluster=NAME profile=NAME`, as the command reads it. */
export function requestOf({ experiment, parameters, cluster, profile }: Picked): RunRequest {
  return { experiment: experiment ?? "", parameters, cluster, ...(profile === null ? {} : { profile }) };
}

/** The same for the same request: to know whether the plan that is shown is of what is in the form now. */
export function fingerprint({ experiment, parameters, cluster, profile }: RunRequest): string {
  const typed = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([experiment, typed, cluster ?? null, profile ?? null]))
    .digest("hex")
    .slice(0, 24);
}

/** A value that may not be, with what to enter instead. */
export interface ValueProblem {
  parameter: string;
  text: string;
}

/** What is wrong with the typed values, each by itself, by the very check that the command makes. */
export function valueProblems(experiment: Experiment, parameters: Picked["parameters"]): ValueProblem[] {
  return Object.entries(parameters).flatMap(([parameter, value]) => {
    const refused = valueRefusal(experiment, parameter, value);
    return refused === null ? [] : [{ parameter, text: `${refused.message} ${refused.hint}` }];
  });
}

/** What a parameter is when nothing is typed: the profile's value, or the experiment's own. */
export function effectiveDefault(experiment: Experiment, parameter: string, profile: string | null): string {
  const own =
    profile !== null && Object.hasOwn(experiment.profiles, profile) ? experiment.profiles[profile] : undefined;
  const fromProfile = own !== undefined && Object.hasOwn(own, parameter) ? own[parameter] : undefined;
  return String(fromProfile ?? experiment.parameters[parameter]?.default ?? "");
}

/** The profile that applies: the picked one, or the configuration's default where the experiment has it. */
export function profileThatApplies(
  experiment: Experiment,
  picked: string | null,
  catalogue: RunChoices,
): string | null {
  if (picked !== null) return picked;
  const { defaultProfile } = catalogue;
  return defaultProfile !== null && Object.hasOwn(experiment.profiles, defaultProfile) ? defaultProfile : null;
}
