import { AftershockError } from "../src/errors.ts";
import { refuseUnknownOptions, runOptions } from "../src/experiment/option-names.ts";
import type { RunRequest, RunRow } from "../src/run/service.ts";
import { content, escapeText, header, note, section, type MessageContent } from "../src/slack/limits.ts";
import { openRunForm, redrawRunForm, submitRunForm } from "../src/slack/run-form/flow.ts";
import { lookedAt, names, noExperiment } from "../src/slack/run-form/names.ts";
import { planBlocks } from "../src/slack/views/plan.ts";
import type { InputHandler, Verb } from "../src/slack/verb.ts";

const redraw: InputHandler = (_value, context, modal) => redrawRunForm(modal, context);

/**
 * `/chaos run NAME [key=value …] [--dry-run]`: asks for a run; it starts when somebody else has approved it. Alone it opens
 * the form for one.
 */
export const verb: Verb = {
  name: "run",
  usage: "[NAME [key=value …] [cluster=NAME] [profile=NAME] [--dry-run]]",
  options: "any",
  flags: ["dry-run"],
  summary: "Ask for a run; somebody else must approve it, as the policy says. Alone: a form for it",
  examples: [
    "run",
    "run redis-split-brain",
    "run redis-split-brain duration=30s rate=200",
    "run redis-split-brain --dry-run",
  ],
  run: async (line, context) => {
    const { service, actor, command } = context;
    const [name, ...rest] = line.words;
    if (name === undefined) {
      refuseWithoutName(Object.keys(line.options)[0] ?? line.flags[0], command);
      await openRunForm(null, context);
      return content("The form for a run is open.", [
        section("The form for a run is open. Nothing is asked for before you have seen its plan there."),
        note(`Without the form: \`${command} run NAME duration=30s\` · the names: \`${command} list\``),
      ]);
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
    return asked(await service.request(actor, request), command);
  },
  buttons: {
    [names.form]: (value, context) => openRunForm(value === noExperiment ? null : value, context),
  },
  inputs: Object.fromEntries(lookedAt.map((name) => [name, redraw])),
  modals: {
    [names.form]: (submitted, context) =>
      submitRunForm(submitted, context, (run) => {
        const reply = asked(run, context.command);
        // From the Home tab there is no channel in which only this person is answered.
        if (context.actor.channelId !== "") return { kind: "close", reply };
        return { kind: "update", view: { callback: names.form, title: `Asked for ${run.id}`, blocks: reply.blocks } };
      }),
  },
};

function asked(run: RunRow, command: string): MessageContent {
  const when =
    run.state === "approved" ? "It needs no approval and starts now" : "It starts when somebody else approves it";
  const back = run.state === "approved" ? `Stop it with \`${command} abort` : `Take it back with \`${command} deny`;
  const text = `Asked for ${run.id}. ${when}; the card in the channel shows how it goes.`;
  return content(text, [section(text), note(`${back} ${run.id}\``)]);
}

/** Values without an experiment are a mistake, not a wish for the form. */
function refuseWithoutName(option: string | undefined, command: string): void {
  if (option === undefined) return;
  throw new AftershockError(
    "bad_command",
    `run needs the name of an experiment before ${option}.`,
    `See the names: ${command} list`,
  );
}
