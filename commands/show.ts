import { AftershockError } from "../src/errors.ts";
import { content, escapeLines, escapeText, header, note, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos show NAME` */
export const verb: Verb = {
  name: "show",
  usage: "NAME",
  summary: "What an experiment does, its parameters and guards",
  examples: ["show redis-split-brain"],
  run: async (line, { service, command }) => {
    const [name] = line.words;
    if (name === undefined) {
      throw new AftershockError(
        "bad_command",
        "show needs the name of an experiment.",
        `See the names: ${command} list`,
      );
    }
    const experiment = service.experiment(name);
    const parameters = service
      .parameterHelp(name)
      .map(
        (p) =>
          `• \`${escapeText(p.name)}\` = ${escapeText(String(p.default))} (${escapeText(p.range)}): ${escapeText(p.description)}`,
      );
    const profiles = Object.entries(experiment.profiles).map(
      ([profile, values]) =>
        `• \`profile=${escapeText(profile)}\`: ${Object.entries(values)
          .map(([key, value]) => escapeText(`${key}=${value}`))
          .join(" ")}`,
    );
    return content(escapeText(experiment.title), [
      header(experiment.title),
      section(`*Hypothesis*\n_${escapeText(experiment.hypothesis)}_`),
      section(escapeLines(experiment.description)),
      section(
        `*Faults*\n${experiment.faults.map((fault) => `• ${escapeText(fault.title)} (${escapeText(fault.kind)})`).join("\n") || "none"}`,
      ),
      section(`*Guards*\n${experiment.guards.map((guard) => `• ${escapeText(guard.title)}`).join("\n")}`),
      section(`*Parameters*\n${parameters.join("\n")}`),
      ...(profiles.length === 0 ? [] : [section(`*Profiles*\n${profiles.join("\n")}`)]),
      note(
        `\`${command} run ${escapeText(name)} --dry-run\` shows the exact targets · \`${command} run ${escapeText(name)} duration=30s rate=200\``,
      ),
    ]);
  },
};
