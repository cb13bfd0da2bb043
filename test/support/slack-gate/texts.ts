import type { Refusal } from "./rules.ts";

export interface SaidText {
  text: string;
  /** Read as mrkdwn, where angle brackets and entities mean something; plain text is shown as it is. */
  mrkdwn: boolean;
}

/** All texts that people read in blocks or a view: `text` of text objects, wherever they are. */
export function textsOf(value: unknown): SaidText[] {
  if (typeof value !== "object" || value === null) return [];
  const mrkdwn = !("type" in value && value.type === "plain_text");
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "text" && typeof inner === "string" ? [{ text: inner, mrkdwn }] : textsOf(inner),
  );
}

const broadcast = /<!(channel|here|everyone)\b[^>]*>/;
/** Control characters but newline and tab, and those that turn the direction of what follows them. */
// oxlint-disable-next-line no-control-regex
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/;
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const allowedBrackets =
  /<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+|!subteam\^S[A-Z0-9]+|!date\^\d+\^[^<>|]*\|[^<>|]*|https?:\/\/[^<>\s]+)>/g;

/**
 * What Slack takes and nobody wants in a text: a mention of a whole channel, anything else in angle brackets than a person,
 * a channel, a group, a date or a web link (or a quote's mark at the start of a line), half an entity, half a character, an open code fence, characters that hide or turn text.
 */
export function faultsOf({ text, mrkdwn }: SaidText): Refusal[] {
  const faults: Refusal[] = [];
  const fault = (error: string): void => void faults.push({ error, detail: text.slice(0, 200) });
  if (loneSurrogate.test(text)) fault("fault_half_character");
  if (unseen.test(text)) fault("fault_control_character");
  if (!mrkdwn) return faults;
  if (broadcast.test(text)) fault("fault_broadcast");
  else if (/[<>]/.test(text.replaceAll(allowedBrackets, "").replaceAll(/^> /gm, ""))) fault("fault_raw_brackets");
  if (/&(?!amp;|lt;|gt;)/.test(text)) fault("fault_raw_entity");
  if ((text.match(/```/g)?.length ?? 0) % 2 !== 0) fault("fault_open_fence");
  return faults;
}
