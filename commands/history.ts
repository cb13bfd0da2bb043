import { AftershockError } from "../src/errors.ts";
import { parseCommandLine, type CommandLine } from "../src/slack/command-line.ts";
import { content, section } from "../src/slack/limits.ts";
import { renderHistory, renderHistoryChoice, renderNoHistory } from "../src/slack/views/history.ts";
import type { Verb } from "../src/slack/verb.ts";

/** So many runs are shown when nothing is said, and at most. */
const usualLast = 20;
const mostLast = 50;
const themes = ["light", "dark"] as const;

/** `/chaos history [NAME] [cluster=…] [last=20]`. Without a name: the experiments that have runs, as buttons. */
export const verb: Verb = {
  name: "history",
  usage: "[NAME] [cluster=…] [last=20] [theme=dark]",
  summary: "The runs of an experiment over time: verdicts, RTO, lost writes, slow-down, and the trend as a chart",
  examples: ["history redis-failover", "history redis-failover last=50 cluster=lab"],
  options: ["cluster", "last", "theme"],
  run: async (line, { service, overview, past, actor, command }) => {
    // Runs of all channels are shown.
    await overview.admit(actor);
    const { name, cluster, last, theme } = asked(line);
    if (name === undefined) return renderHistoryChoice(await past.experiments(), command);
    const history = await past.history({ experiment: name, ...(cluster === undefined ? {} : { cluster }) }, last);
    if (history !== null) {
      return renderHistory(history, { typed: typedText({ name, cluster, last, theme }), command });
    }
    const all = cluster === undefined ? [] : await past.runs({ experiment: name }, mostLast);
    // One that is not in the catalogue any more may have runs all the same.
    if (all.length === 0) service.experiment(name);
    const elsewhere = [...new Set(all.map((run) => run.cluster))];
    return renderNoHistory({ experiment: name, cluster, elsewhere }, command);
  },
  buttons: {
    "share-history": async (value, { overview, past, actor }) => {
      await overview.admit(actor);
      const { name, cluster, last, theme } = asked(parseCommandLine(`history ${value}`));
      if (name === undefined) {
        throw new AftershockError("bad_command", "This button is from an older version.", "Type it: /chaos history");
      }
      const kind = "history" as const;
      await past.share(actor, { kind, experiment: name, ...(cluster === undefined ? {} : { cluster }), last, theme });
      const text = "The chart is being drawn. It comes into this channel in a few seconds, for everybody.";
      return content(text, [section(text)]);
    },
  },
};

interface Asked {
  name: string | undefined;
  cluster: string | undefined;
  last: number;
  theme: (typeof themes)[number];
}

/** Throws AftershockError `bad_parameter` for a number or a theme that there is not. */
function asked({ words, options }: CommandLine): Asked {
  const [name] = words;
  const { cluster, last = String(usualLast), theme = "light" } = options;
  if (!/^\d{1,3}$/.test(last) || Number(last) < 1 || Number(last) > mostLast) {
    throw new AftershockError(
      "bad_parameter",
      `last is a whole number from 1 to ${mostLast}, not "${last}".`,
      `For example: /chaos history ${name ?? "redis-failover"} last=${usualLast}`,
    );
  }
  const known = themes.find((one) => one === theme);
  if (known === undefined) {
    throw new AftershockError(
      "bad_parameter",
      `There is no theme "${theme}".`,
      `There are: ${themes.join(", ")}. For example: /chaos history ${name ?? "redis-failover"} theme=dark`,
    );
  }
  return { name, cluster, last: Number(last), theme: known };
}

/** The same, as it would be typed: short, since a button carries at most 100 characters. */
function typedText({ name, cluster, last, theme }: Asked & { name: string }): string {
  return [
    name,
    ...(cluster === undefined ? [] : [`cluster=${cluster}`]),
    ...(last === usualLast ? [] : [`last=${last}`]),
    ...(theme === "light" ? [] : [`theme=${theme}`]),
  ].join(" ");
}
