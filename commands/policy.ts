import { AftershockError } from "../src/errors.ts";
import { refuseUnknownOptions, runOptions } from "../src/experiment/option-names.ts";
import { explanationMessage, policyMessage } from "../src/slack/views/policy.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos policy [NAME [key=value …]]`: who may do what, and why this person may or may not run this now. */
export const verb: Verb = {
  name: "policy",
  usage: "[NAME [key=value …] [cluster=NAME] [profile=NAME]]",
  options: "any",
  summary: "Who may do what; with a name, why you may or may not run it now",
  examples: ["policy", "policy redis-split-brain", "policy redis-split-brain duration=30s cluster=staging"],
  run: async (line, { service, actor, command }) => {
    const [name, ...rest] = line.words;
    if (rest.length > 0) {
      throw new AftershockError(
        "bad_command",
        `"${rest.join(" ")}" is neither a parameter nor an option.`,
        `Parameters are written name=value, for example: ${command} policy ${name ?? ""} duration=30s`,
      );
    }
    const [flag] = line.flags;
    if (flag !== undefined) {
      throw new AftershockError("bad_parameter", `policy does not take --${flag}.`, `See: ${command} help policy`);
    }
    const { cluster, profile, ...parameters } = line.options;
    if (name === undefined) {
      const [option] = Object.keys(line.options);
      if (option === undefined) return policyMessage(service.policy(), command, new Date());
      throw new AftershockError(
        "bad_command",
        `policy needs the name of an experiment before ${option}=.`,
        `See the names: ${command} list`,
      );
    }
    refuseUnknownOptions(service.experiment(name), line.options, { ours: runOptions, flags: [] });
    const explanation = await service.explain(actor, {
      experiment: name,
      parameters,
      ...(cluster === undefined ? {} : { cluster }),
      ...(profile === undefined ? {} : { profile }),
    });
    return explanationMessage(explanation, command);
  },
};
