import type { Experiment } from "../src/experiment/schema.ts";
import { content, escapeText, note, section } from "../src/slack/limits.ts";
import { buttonRow } from "../src/slack/views/button.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos list`: the experiments by system, each with a button that shows it. */
export const verb: Verb = {
  name: "list",
  aliases: ["ls", "experiments"],
  usage: "",
  summary: "The experiments there are",
  examples: ["list"],
  run: async (_line, { service, command }) => {
    const experiments = service.experiments();
    if (experiments.length === 0) {
      const empty = "The catalogue is empty: there is no file in jobs/.";
      return content(empty, [section(empty)]);
    }
    const systems = [...new Set(experiments.map(({ system }) => system))];
    const bySystem = systems.map((system) => experiments.filter((experiment) => experiment.system === system));
    const groups = bySystem.map((own) =>
      [`*${escapeText(own[0]?.system ?? "")}*`, ...own.map(experimentLine)].join("\n"),
    );
    return content(groups.join("\n"), [
      ...groups.map((group) => section(group)),
      ...buttonRow(
        "experiments",
        bySystem.flat().map(({ name }) => ({ action: "open", text: name, value: `show ${name}` })),
      ),
      note(`\`${command} show NAME\` tells what it does and which parameters it takes`),
    ]);
  },
};

function experimentLine({ name, title, risk }: Experiment): string {
  return `• \`${escapeText(name)}\` ${escapeText(title)} (${risk} risk)`;
}
