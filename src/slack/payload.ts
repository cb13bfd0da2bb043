import { z } from "zod";
import { isStorable } from "../experiment/plain-yaml.ts";

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

/** The parts of a click (docs.slack.dev, block_actions payload). In a shared channel a person may have no workspace. */
export const clickPayload = z.object({
  user: z.object({ id, team_id: id.optional() }),
  /** Absent where a click is in no channel. */
  channel: z.object({ id }).optional(),
});

/** A button that was clicked. */
export const buttonPayload = z.object({
  type: z.literal("button"),
  action_id: z.string().max(255),
  action_ts: key,
  value: z.string().max(2000).default(""),
});

/** The parts of a mention (docs.slack.dev, app_mention). */
export const mentionPayload = z.object({
  event_id: key,
  event: z.object({ channel: id, ts: key, thread_ts: key.optional() }),
});

/** What is wrong with a payload, by field, without its values. */
export function payloadProblem(error: z.ZodError): string {
  return error.issues.map(({ path }) => path.join(".") || "all of it").join(", ");
}
