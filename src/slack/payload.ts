import { z } from "zod";
import { isStorable } from "../experiment/plain-yaml.ts";
import { stateValues } from "./modal.ts";

/** Slack's ids: of people, channels, workspaces. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** What tells one delivery from another, and is stored as its key. */
const key = z.string().min(1).max(255).refine(isStorable);

/** The parts of a slash command that are used (docs.slack.dev, Implementing slash commands). */
export const commandPayload = z.object({
  text: z.string().default(""),
  user_id: id,
  team_id: id,
  channel_id: id,
  trigger_id: key,
});

/** The parts of a view that are used, of a form or of the App Home (docs.slack.dev, View objects). */
export const viewPayload = z.object({
  id: key,
  hash: z.string().max(255).default(""),
  type: z.enum(["modal", "home"]),
  callback_id: z.string().max(255).default(""),
  private_metadata: z.string().max(3000).default(""),
  state: z.object({ values: stateValues }).nullish(),
});

/** A submitted form (docs.slack.dev, view_submission payload). */
export const submissionPayload = z.object({
  trigger_id: key,
  user: z.object({ id, team_id: id.optional() }),
  view: viewPayload,
});

/** The App Home was opened (docs.slack.dev, app_home_opened). */
export const homePayload = z.object({
  team_id: id,
  event: z.object({ user: id, tab: z.string().default("home") }),
});

/** The parts of a click (docs.slack.dev, block_actions payload). In a shared channel a person may have no workspace. */
export const clickPayload = z.object({
  user: z.object({ id, team_id: id.optional() }),
  /** Absent where a click is in no channel. */
  channel: z.object({ id }).optional(),
  /** Permits to open a form, once. */
  trigger_id: key.optional(),
  /** Where a click is in a form or in the App Home. */
  view: viewPayload.optional(),
});

/** An element of a form that was changed, or a button. `action_ts` tells one change from another. */
export const changePayload = z.looseObject({
  type: z.string().max(64),
  action_id: z.string().max(255),
  action_ts: key,
});

/** The parts of a mention (docs.slack.dev, app_mention). */
export const mentionPayload = z.object({
  event_id: key,
  event: z.object({ channel: id, ts: key, thread_ts: key.optional() }),
});

/** The parts of a reaction (docs.slack.dev, reaction_added); it may be on something else than a message. */
export const reactionPayload = z.object({
  event_id: key,
  team_id: id,
  event: z.object({
    user: id,
    reaction: z.string().max(255),
    item: z.object({ type: z.string().max(64), channel: id.optional(), ts: key.optional() }),
  }),
});

/** The parts of a message shortcut (docs.slack.dev, message_action payload). */
export const shortcutPayload = z.object({
  trigger_id: key,
  user: z.object({ id, team_id: id.optional() }),
  channel: z.object({ id }),
  message: z.object({ ts: key, text: z.string().default(""), user: id.optional() }),
});

/** What is wrong with a payload, by field, without its values. */
export function payloadProblem(error: z.ZodError): string {
  return error.issues.map(({ path }) => path.join(".") || "all of it").join(", ");
}
