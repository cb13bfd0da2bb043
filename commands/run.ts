import { AftershockError } from "../src/errors.ts";
import { refuseUnknownOptions, runOptions } from "../src/experiment/option-names.ts";
import type { RunRequest } from "../src/run/service.ts";
import { content, escapeText, header, note, section } from "../src/slack/limits.ts";
import { planBlocks } from "../src/slack/views/plan.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos run NAME [key=value …] [--dry-run]`: asks for a run; it starts when somebody else has approved it. */
export const verb: Verb = {
  name: "run",
  usage: "NAME [key=value …] [cluster=NAME] [profile=NAME] [--dry-run]",
  options: "any",
  flags: ["dry-run"],
  summary: "Ask for a run; somebody else must approve it, as the policy says",
  examples: ["run redis-split-brain", "run redis-split-brain duration=30s rate=200", "run redis-split-brain --dry-run"],
  run: async (line, { service, actor, command }) => {
    const [name, ...rest] = line.words;
    if (name === undefined) {
      throw new AftershockError(
        "bad_command",
        "run needs the name of an experiment.",
        `See the names: ${command} list`,
      );
    }
    if (rest.length > 0) {
      throw new AftershockError(
        "bad_command",
        `"${rest.join(" ")}" is neither a parameter nor an option.`,
        `Parameters are written name=value, for example: ${command} run ${name} duration=30s`,
      );
    }
    refuseUnknownOptions(service.experiment(name), line.options, { ours: runOptions, flags: verb.flags ?? [] });
    const { cluster, profile, ...parameters } = line.options;
    const request: RunRequest = {
      experiment: name,
      parameters,
      ...(cluster === undefined ? {} : { cluster }),
      ...(profile === undefined ? {} : { profile }),
    };
    if (line.flags.includes("dry-run")) {
      const { plan, digest } = await service.plan(request);
      return content(`Dry run of ${escapeText(name)}: nothing was recorded or touched`, [
        header(`Dry run: ${plan.title}`),
        ...planBlocks(plan, digest),
        note("Nothing was recorded or touched. Without --dry-run this would ask for approval."),
      ]);
    }
    const run = await service.request(actor, request);
    const when =
      run.state === "approved" ? "It needs no approval and starts now" : "It starts when somebody else approves it";
    const back = run.state === "approved" ? `Stop it with \`${command} abort` : `Take it back with \`${command} deny`;
    const text = `Asked for ${run.id}. ${when}; the card in the channel shows how it goes.`;
    return content(text, [section(text), note(`${back} ${run.id}\``)]);
  },
};
