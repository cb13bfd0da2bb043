import { content, escapeLines, escapeText, header, note, section } from "../src/slack/limits.ts";
import { mostActions, openActionBlocks } from "../src/slack/views/actions.ts";
import { stopBlocks } from "../src/slack/views/watches.ts";
import { buttonRow } from "../src/slack/views/button.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos show NAME` */
export const verb: Verb = {
  name: "show",
  usage: "NAME",
  summary: "What an experiment does, its parameters and guards",
  examples: ["show redis-split-brain"],
  run: async (line, { service, actions, command }) => {
    const [name] = line.words;
    if (name === undefined) {
      const question = "Which experiment?";
      const names = service.experiments().map((each) => each.name);
      return content(question, [
        section(`*${question}*`),
        ...buttonRow(
          "experiments",
          names.map((each) => ({ action: "open", text: each, value: `show ${each}` })),
        ),
        note(`\`${command} list\` says what each does`),
      ]);
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
    const { actions: open } = await actions.open({ experiment: name }, mostActions);
    return content(escapeText(experiment.title), [
      header(experiment.title),
      section(`*Hypothesis*\n_${escapeText(experiment.hypothesis)}_`),
      section(escapeLines(experiment.description)),
      section(
        `*Faults*\n${experiment.faults.map((fault) => `• ${escapeText(fault.title)} (${escapeText(fault.kind)})`).join("\n") || "none"}`,
      ),
      section(`*Guards*\n${experiment.guards.map((guard) => `• ${escapeText(guard.title)}`).join("\n")}`),
      ...stopBlocks(experiment.stopConditions),
      section(`*Parameters*\n${parameters.join("\n")}`),
      ...(profiles.length === 0 ? [] : [section(`*Profiles*\n${profiles.join("\n")}`)]),
      ...openActionBlocks(open, command),
      ...buttonRow("next", [
        { action: "run-form", text: "Run…", value: name, style: "primary" },
        { action: "open", text: "Dry run: the exact targets", value: `run ${name} --dry-run` },
        { action: "open", text: "May I run it?", value: `policy ${name}` },
      ]),
      note(
        `\`${command} run ${escapeText(name)} --dry-run\` shows the exact targets · \`${command} run ${escapeText(name)} duration=30s rate=200\``,
      ),
    ]);
  },
};
