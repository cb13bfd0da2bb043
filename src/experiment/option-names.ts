import { AftershockError } from "../errors.ts";
import { nearest } from "./nearest.ts";
import type { Experiment } from "./schema.ts";

/** Options with a value that a run, a schedule or a question about the policy takes beside the experiment's parameters. */
export const runOptions = ["cluster", "profile"] as const;

/**
 * Refuses an option that is neither a parameter of the experiment nor one of the command's own, with the nearest of both:
 * `cluser=lab` means `cluster`, which no list of parameters knows. Throws AftershockError `bad_parameter`.
 */
export function refuseUnknownOptions(
  experiment: Experiment,
  typed: Readonly<Record<string, string>>,
  command: { ours: readonly string[]; flags: readonly string[] },
): void {
  const parameters = Object.keys(experiment.parameters);
  const unknown = Object.keys(typed).find((name) => !parameters.includes(name) && !command.ours.includes(name));
  if (unknown === undefined) return;
  const flag = command.flags.find((name) => camel(name) === nearest(unknown, command.flags.map(camel)));
  const close = nearest(unknown, [...command.ours, ...parameters]);
  const meant = close === undefined ? (flag === undefined ? undefined : `--${flag}`) : `${close}=`;
  throw new AftershockError(
    "bad_parameter",
    `${experiment.name} has no parameter "${unknown}".`,
    meant === undefined
      ? `Its parameters: ${parameters.join(", ")}. See /chaos show ${experiment.name}`
      : `Did you mean ${meant}? See /chaos show ${experiment.name}`,
  );
}

function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
