import { AftershockError } from "../src/errors.ts";
import type { RunRow } from "../src/run/service.ts";
import { content, escapeText, section } from "../src/slack/limits.ts";
import { noteForm, noteText } from "../src/slack/views/note-form.ts";
import { mostChoices } from "../src/slack/views/pick.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

/** `/chaos note [RUN] TEXT`, and the button Note… with its form. Without a number it is about the one that runs here. */
export const verb: Verb = {
  name: "note",
  usage: "[RUN] TEXT",
  aboutRun: true,
  options: "any",
  summary: "Write down what you see of a run, into its thread and its report",
  examples: ["note checkout answers 503 since the fault", "note run-12 the dashboard shows no alarm"],
  run: async (line, context) => {
    const { service, actor, command } = context;
    const [first, ...rest] = line.tokens;
    if (first === undefined) {
      throw new AftershockError(
        "bad_command",
        "What did you see?",
        `Say it: ${command} note checkout answers 503 since the fault`,
      );
    }
    if (namesRun(first, rest.length)) return said(await service.note(actor, first, rest.join(" ")), context);
    return said(await service.note(actor, await theOneHere(context), line.tokens.join(" ")), context);
  },
  buttons: {
    "note-run": async (runId, { service, actor, surfaces }) => {
      const run = await service.find(actor.channelId, runId);
      await surfaces.openModal(noteForm(run));
    },
  },
  modals: {
    "note-run": async (submitted, { service, actor }) => {
      await service.note(actor, submitted.state, noteText(submitted.values));
      return { kind: "close" };
    },
  },
};

/** `run-12` is a run. A bare number is one only where nothing else could be meant: "3 of 5 pods restarted" is a note. */
function namesRun(word: string, after: number): boolean {
  return /^run-\d+$/i.test(word) || (after === 0 && /^\d+$/.test(word));
}

/** The run that is open in this channel, or else the one that ended last. Throws when several are open. */
async function theOneHere({ service, actor, command }: VerbContext): Promise<string> {
  const open = await service.open(actor.channelId);
  const [only, ...others] = open;
  if (only === undefined) return (await service.find(actor.channelId)).id;
  if (others.length === 0) return only.id;
  const ids = open.slice(0, mostChoices).map(({ id }) => id);
  throw new AftershockError(
    "bad_command",
    `Several runs are open in this channel: ${ids.join(", ")}${open.length > ids.length ? ", …" : ""}.`,
    `Say which one it is about: ${command} note ${only.id} TEXT`,
  );
}

function said(run: RunRow, { command }: VerbContext): Reply {
  const text =
    run.endedAt === null
      ? `Noted for ${run.id}: it is in its thread, and will be in its report.`
      : `Noted for ${run.id}: it is in its thread. Its report was made before: ${escapeText(`${command} findings ${run.id}`)}`;
  return content(text, [section(text)]);
}
