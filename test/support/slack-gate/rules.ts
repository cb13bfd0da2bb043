import { z } from "zod";
import { parseJson } from "./call.ts";
import { blockSchema, modalSchema, homeSchema } from "./block-rules.ts";
import { faultsOf, textsOf } from "./texts.ts";

/** What Slack would refuse, with its error; or what it takes and nobody wants (`fault_…`). */
export interface Refusal {
  error: string;
  detail: string;
}

/** Limits of a whole message (anchors 1.4; docs.slack.dev, chat.postMessage and chat.update). */
export const messageLimits = {
  blocks: 50,
  postText: 40_000,
  updateText: 4000,
  attachments: 100,
  /** Undocumented: refused from 13,172 characters of text in the blocks on (slackapi/bolt-js#2509). */
  blocksText: 13_000,
  metadataBytes: 16_000,
  viewBytes: 250_000,
} as const;

export interface MessageArguments {
  text?: string | undefined;
  blocks?: unknown;
  attachments?: unknown;
  metadata?: unknown;
}

/** What Slack refuses of a message. `update` takes less text than a post. Pure. */
export function refuseMessage(message: MessageArguments, kind: "post" | "update"): Refusal[] {
  const { text = "", blocks, attachments, metadata } = message;
  const refusals: Refusal[] = [];
  const refuse = (error: string, detail: string): void => void refusals.push({ error, detail });
  if (blocks !== undefined && !Array.isArray(blocks)) refuse("invalid_blocks_format", "blocks is no list");
  const list: unknown[] = Array.isArray(blocks) ? blocks : [];
  const attached: unknown[] = Array.isArray(attachments) ? attachments : [];
  if (text === "" && list.length === 0 && attached.length === 0) refuse("no_text", "neither text nor blocks");
  const most = kind === "post" ? messageLimits.postText : messageLimits.updateText;
  if (text.length > most) refuse("msg_too_long", `text has ${text.length} of ${most} characters`);
  if (list.length > messageLimits.blocks) refuse("msg_blocks_too_many", `${list.length} blocks`);
  refusals.push(...refuseBlocks(list));
  const total = textsOf(list).reduce((sum, entry) => sum + entry.text.length, 0);
  if (total > messageLimits.blocksText) refuse("msg_blocks_too_long", `${total} characters in blocks`);
  if (attached.length > messageLimits.attachments) refuse("too_many_attachments", `${attached.length} attachments`);
  if (metadata !== undefined) refusals.push(...refuseMetadata(metadata));
  return refusals;
}

/** What Slack refuses of blocks, as `invalid_blocks` with a JSON pointer. */
function refuseBlocks(blocks: readonly unknown[]): Refusal[] {
  const result = z.array(blockSchema).safeParse(blocks);
  const refusals = result.success ? [] : result.error.issues.map((issue) => refusal("invalid_blocks", issue));
  const double = doubleBlockId(blocks);
  return double === undefined
    ? refusals
    : [...refusals, { error: "invalid_blocks", detail: `block_id ${double} is there twice` }];
}

/** Metadata: a type, and a payload that is flat but for one level (docs.slack.dev, Message metadata). */
function refuseMetadata(metadata: unknown): Refusal[] {
  const scalar = z.union([z.string(), z.number(), z.boolean()]);
  const inner = z.record(z.string(), scalar);
  const schema = z.strictObject({
    event_type: z.string().min(1).max(255),
    event_payload: z.record(z.string(), z.union([scalar, inner, z.array(z.union([scalar, inner]))])),
  });
  const size = Buffer.byteLength(JSON.stringify(metadata) ?? "");
  if (size > messageLimits.metadataBytes) return [{ error: "metadata_too_large", detail: `${size} bytes` }];
  const result = schema.safeParse(metadata);
  return result.success ? [] : result.error.issues.map((issue) => refusal("invalid_metadata_schema", issue));
}

/** What Slack refuses of a view (a modal, or App Home). */
export function refuseView(view: unknown): Refusal[] {
  const size = Buffer.byteLength(JSON.stringify(view) ?? "");
  if (size > messageLimits.viewBytes) return [{ error: "view_too_large", detail: `${size} bytes` }];
  const isHome = (view as { type?: unknown } | null)?.type === "home";
  const result = (isHome ? homeSchema : modalSchema).safeParse(view);
  if (!result.success) return result.error.issues.map((issue) => refusal("invalid_arguments", issue));
  const double = doubleBlockId(result.data.blocks);
  return double === undefined ? [] : [{ error: "invalid_arguments", detail: `block_id ${double} is there twice` }];
}

function doubleBlockId(blocks: readonly unknown[]): string | undefined {
  const ids = blocks.flatMap((block) => {
    const id = (block as { block_id?: unknown } | null)?.block_id;
    return typeof id === "string" ? [id] : [];
  });
  return ids.find((id, at) => ids.indexOf(id) !== at);
}

function refusal(error: string, issue: z.core.$ZodIssue): Refusal {
  return { error, detail: `/${issue.path.map(String).join("/")}: ${issue.message}` };
}

const json = (text: string | null): unknown => (text === null ? undefined : (parseJson(text) ?? text));

/** What Slack refuses of a call. Methods that nothing is known of are let through. */
export function refuseCall(method: string, form: URLSearchParams): Refusal[] {
  const message = (): MessageArguments => ({
    text: form.get("text") ?? undefined,
    blocks: json(form.get("blocks")),
    attachments: json(form.get("attachments")),
    metadata: json(form.get("metadata")),
  });
  switch (method) {
    case "chat.postMessage":
    case "chat.postEphemeral":
    case "chat.scheduleMessage":
      return refuseMessage(message(), "post");
    case "chat.update":
      return refuseMessage(message(), "update");
    case "views.open":
    case "views.push":
    case "views.update":
    case "views.publish":
      return refuseView(json(form.get("view")));
    case "files.completeUploadExternal":
      return refuseMessage({ text: form.get("initial_comment") ?? "files" }, "post");
    default:
      return [];
  }
}

/** What Slack takes of a call and nobody wants to read: see `faultsOf`. */
export function faultsOfCall(method: string, form: URLSearchParams): Refusal[] {
  const isMessage = method.startsWith("chat.") || method === "response_url";
  const text = form.get(method === "files.completeUploadExternal" ? "initial_comment" : "text");
  return [
    ...(text === null ? [] : [{ text, mrkdwn: true }]),
    ...(isMessage ? textsOf(json(form.get("blocks"))) : textsOf(json(form.get("view")))),
  ].flatMap(faultsOf);
}
