import { AftershockError } from "../src/errors.ts";
import { nearest } from "../src/experiment/nearest.ts";
import { meantAction } from "../src/run/actions/typed.ts";
import type { CommandLine } from "../src/slack/command-line.ts";
import { content, escapeText, note, section } from "../src/slack/limits.ts";
import type { ModalAnswer, OpenModal } from "../src/slack/modal.ts";
import { actionForm, chooseFinding, editForm, noFinding, type ActionForm } from "../src/slack/views/action-form.ts";
import { mostActions, renderAction, renderActions } from "../src/slack/views/actions.ts";
import { person } from "../src/slack/views/words.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

const words = ["all", "add", "done", "drop", "edit"] as const;

/** `/chaos actions`: what is still to be done about what runs found; its text twins, buttons and forms. */
export const verb: Verb = {
  name: "actions",
  aliases: ["action"],
  usage:
    '[all | ID | add [RUN] ["TITLE"] | done ID [why] | drop ID why="…" | edit ID …] [owner=@NAME] [due=2026-12-10]',
  options: ["owner", "due", "title", "why"],
  summary: "What is still to be done about what runs found: whose it is, and until when",
  examples: [
    "actions",
    'actions add run-12 "Set min-replicas-to-write to 1" owner=@bob due=2026-12-10',
    "actions done 3 deployed on Monday",
    'actions drop 4 why="we accept it"',
  ],
  run: async (line, context) => {
    const [first, ...rest] = line.words;
    const [id, ...why] = rest;
    switch (first) {
      case undefined:
        return list(context);
      case "all":
        return listAll(context);
      case "add":
        return add(rest, line.options, context);
      case "done":
        return done(required(id, "done", context), line.options["why"] ?? (why.join(" ") || null), context);
      case "drop":
        return drop(required(id, "drop", context), line.options["why"] ?? (why.join(" ") || null), context);
      case "edit":
        return edit(required(id, "edit", context), line, context);
      default:
        return show(first, context);
    }
  },
  buttons: {
    "action-done": (id, context) => done(id, null, context),
    "action-edit": async (id, context) => openEdit(id, context),
    "action-add": (runId, context) => openAdd(runId === "new" ? null : runId, context),
  },
  inputs: {
    "action-finding": async (value, context, modal) => {
      const form = await formOf(modal.state === "" ? null : modal.state, context);
      const typed = { ...form, ...typedIn(modal, context.actor.userId) };
      await context.surfaces.updateModal(actionForm(chooseFinding(typed, placeOf(value))));
    },
  },
  modals: { "add-action": submitAdd, "edit-action": submitEdit },
};

async function list({ actions, actor, command }: VerbContext): Promise<Reply> {
  return renderActions(await actions.open({ channelId: actor.channelId }, mostActions), "here", command);
}

/** Of all channels, also of those that a guest is not in. */
async function listAll({ actions, overview, actor, command }: VerbContext): Promise<Reply> {
  await overview.admit(actor);
  return renderActions(await actions.open({}, mostActions), "everywhere", command);
}

async function show(typed: string, { actions, command }: VerbContext): Promise<Reply> {
  if (/^(?:a-?|action-?)?\d+$/i.test(typed)) return renderAction(await actions.find(typed), command);
  const close = nearest(typed, words);
  throw new AftershockError(
    "bad_command",
    `actions knows ${words.join(", ")} and the number of an action, not "${typed}".`,
    close === undefined ? `See what is open: ${command} actions` : `Did you mean ${command} actions ${close}?`,
  );
}

async function add(
  rest: readonly string[],
  options: Readonly<Record<string, string>>,
  context: VerbContext,
): Promise<Reply> {
  const { runId, title } = meantAction(rest, options["title"]);
  if (title === "") {
    await openAdd(runId, context);
    const text = "The form is open: say what shall be done.";
    return content(text, [section(text)]);
  }
  const request = { runId, title, owner: options["owner"] ?? null, dueOn: options["due"] ?? null, findingId: null };
  return added(await context.actions.add(context.actor, request), context);
}

function added(action: Awaited<ReturnType<VerbContext["actions"]["add"]>>, { actor, command }: VerbContext): Reply {
  const told =
    action.owner === actor.userId ? "It is yours" : `It is ${person(action.owner)}'s, who gets a message about it`;
  const due = action.dueOn === null ? "" : `, due ${action.dueOn}`;
  const text = `Added ${action.id}: ${escapeText(action.title)}. ${told}${due}.`;
  return content(text, [section(text), note(`\`${command} actions\` lists what is open`)]);
}

/** What is left is shown at once. */
async function done(id: string, why: string | null, context: VerbContext): Promise<Reply> {
  return ended(await context.actions.done(context.actor, id, why), context);
}

async function drop(id: string, why: string | null, context: VerbContext): Promise<Reply> {
  return ended(await context.actions.drop(context.actor, id, why), context);
}

async function ended(action: { id: string; title: string; state: string }, context: VerbContext): Promise<Reply> {
  const text = `${action.id} is ${action.state}: ${escapeText(action.title)}`;
  if (context.actor.channelId === "") return content(text, [section(text)]);
  const left = await list(context);
  return content(`${text}\n${left.text}`, [section(text), ...left.blocks]);
}

async function edit(id: string, line: CommandLine, context: VerbContext): Promise<Reply> {
  const { title, owner, due } = line.options;
  if (title === undefined && owner === undefined && due === undefined) {
    await openEdit(id, context);
    const text = "The form is open.";
    return content(text, [section(text)]);
  }
  const action = await context.actions.change(context.actor, id, {
    ...(title === undefined ? {} : { title }),
    ...(owner === undefined ? {} : { owner }),
    ...(due === undefined ? {} : { dueOn: due }),
  });
  return show(action.id, context);
}

async function openAdd(runId: string | null, context: VerbContext): Promise<void> {
  await context.surfaces.openModal(actionForm(await formOf(runId, context)));
}

async function openEdit(id: string, { actions, surfaces }: VerbContext): Promise<void> {
  const { action } = await actions.find(id);
  await surfaces.openModal(editForm(action));
}

/** The form as it opens: with the first finding's advice. */
async function formOf(typed: string | null, { actions, actor }: VerbContext): Promise<ActionForm> {
  const { runId, findings } = typed === null ? { runId: null, findings: [] } : await actions.findings(typed);
  const form: ActionForm = { runId, findings, chosen: null, title: "", owner: actor.userId, dueOn: null };
  return findings.length === 0 ? form : chooseFinding(form, 0);
}

const single = (value: OpenModal["values"][string] | undefined): string | null =>
  typeof value === "string" ? value : null;
const placeOf = (value: string): number | null => (value === noFinding || !/^\d+$/.test(value) ? null : Number(value));

function typedIn({ values }: OpenModal, userId: string): Pick<ActionForm, "title" | "owner" | "dueOn"> {
  return {
    title: single(values["action-title"]) ?? "",
    owner: single(values["action-owner"]) ?? userId,
    dueOn: single(values["action-due"]),
  };
}

async function submitAdd(submitted: OpenModal, context: VerbContext): Promise<ModalAnswer> {
  const typed = typedIn(submitted, context.actor.userId);
  const runId = submitted.state === "" ? null : submitted.state;
  const place = placeOf(single(submitted.values["action-finding"]) ?? noFinding);
  const findings = runId === null || place === null ? [] : (await context.actions.findings(runId)).findings;
  const findingId = place === null ? null : (findings[place]?.id ?? null);
  const action = await context.actions.add(context.actor, { runId, ...typed, findingId });
  return { kind: "close", reply: added(action, context) };
}

async function submitEdit(submitted: OpenModal, context: VerbContext): Promise<ModalAnswer> {
  const typed = typedIn(submitted, context.actor.userId);
  const { id } = await context.actions.change(context.actor, submitted.state, typed);
  return { kind: "close", reply: await show(id, context) };
}

function required(id: string | undefined, word: string, { command }: VerbContext): string {
  if (id !== undefined) return id;
  throw new AftershockError(
    "bad_command",
    `actions ${word} needs the number of an action.`,
    `See what is open, with buttons: ${command} actions`,
  );
}
