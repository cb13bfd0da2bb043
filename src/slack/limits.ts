import type { KnownBlock } from "@slack/types";

/** Slack's limits (docs.slack.dev, Block Kit reference and chat.update). The one place where anything is cut. */
export const limits = {
  blocks: 50,
  headerText: 150,
  sectionText: 3000,
  fieldText: 2000,
  fields: 10,
  contextElements: 10,
  actions: 25,
  buttonText: 75,
  buttonValue: 2000,
  messageText: 4000,
  altText: 2000,
  confirmText: 300,
  /** Of all text in a message's blocks; Slack says `msg_blocks_too_long` somewhere above it (sentry#64928). */
  totalText: 12_000,
} as const;

const marker = "…";

/** Half a character, which cannot be sent. */
const halfCharacters = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/**
 * Characters that nobody sees and that hide or turn what is around them: control characters but newline and tab, zero-width
 * spaces, and the marks that override the direction of writing (Unicode Standard Annex 9).
 */
// oxlint-disable-next-line no-control-regex
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** The text without what cannot be sent or seen. */
export function clean(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(unseen, "").replace(halfCharacters, "\ufffd");
}

/**
 * Escapes a value for mrkdwn, on one line: what Slack reads as control characters (docs.slack.dev, Formatting message
 * text), and what would end the code or the line around it. Every inserted value goes through it.
 */
export function escapeText(text: string): string {
  return escapeLines(text).replace(/\s+/g, (blank) => (blank.includes("\n") ? " " : blank));
}

/** As `escapeText`, for what may have several lines. */
export function escapeLines(text: string): string {
  return clean(text.slice(0, longestText)).replace(/[&<>`]/g, (character) => escapes[character] ?? "");
}

/** Longer than any text of Slack's may be: what is beyond it would be cut anyway, and is not looked at. */
const longestText = 4001;
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "\u02cb" };

/** Cuts to a length, never inside an entity or a surrogate pair, and marks the cut. */
export function clamp(text: string, length: number): string {
  if (text.length <= length) return text;
  let cut = length - marker.length;
  const entity = text.lastIndexOf("&", cut);
  if (
    entity !== -1 &&
    cut - entity < 6 &&
    /^&(amp|lt|gt);/.test(text.slice(entity)) &&
    text.indexOf(";", entity) >= cut
  ) {
    cut = entity;
  }
  const link = text.lastIndexOf("<", cut);
  if (link !== -1 && text.indexOf(">", link) >= cut) cut = link;
  const code = text.charCodeAt(cut - 1);
  if (code >= 0xd800 && code <= 0xdbff) cut -= 1;
  return text.slice(0, Math.max(0, cut)) + marker;
}

/** A message's text and blocks within all limits; too many blocks are cut in the middle, so that the end stays. */
export interface MessageContent {
  text: string;
  blocks: KnownBlock[];
}

export function content(text: string, blocks: readonly KnownBlock[]): MessageContent {
  const few =
    blocks.length <= limits.blocks
      ? [...blocks]
      : [...blocks.slice(0, limits.blocks - 6), leftOut(), ...blocks.slice(-5)];
  return { text: clamp(text, limits.messageText), blocks: withinTotal(few) };
}

/** Leaves out blocks until the rest is within the total; the two last (buttons, what to do next) go in first. */
function withinTotal(blocks: readonly KnownBlock[]): KnownBlock[] {
  const sizes = blocks.map(textSize);
  if (sizes.reduce((sum, size) => sum + size, 0) <= limits.totalText) return [...blocks];
  const last = blocks.length - 1;
  const kept = new Set<number>();
  let room = limits.totalText - textSize(leftOut());
  for (const at of [last, last - 1, ...blocks.keys()]) {
    const size = sizes[at];
    if (size === undefined || kept.has(at) || size > room) continue;
    kept.add(at);
    room -= size;
  }
  const firstGap = blocks.findIndex((_block, at) => !kept.has(at));
  return blocks
    .flatMap((block, at) => (kept.has(at) ? [block] : at === firstGap ? [leftOut()] : []))
    .slice(0, limits.blocks);
}

function leftOut(): KnownBlock {
  return note("Some parts were left out here; the report has them all.");
}

/** Characters of all texts in a block. */
function textSize(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + (key === "text" && typeof inner === "string" ? inner.length : textSize(inner)),
    0,
  );
}

/** A text that Slack shows as it is (plain_text), never empty. */
export function plain(text: string, length: number): string {
  return clamp(orDash(clean(text).replace(/\s+/g, " ").trim()), length);
}

/** Slack takes no empty text; one of blanks only it shows as nothing. */
function orDash(text: string): string {
  return text.trim() === "" ? "–" : text;
}

export function header(text: string): KnownBlock {
  return { type: "header", text: { type: "plain_text", text: plain(text, limits.headerText), emoji: true } };
}

/** A section of mrkdwn; the caller has escaped inserted values. */
export function section(text: string): KnownBlock {
  return {
    type: "section",
    text: { type: "mrkdwn", text: clamp(orDash(text), limits.sectionText) },
  };
}

/** A section of label and value pairs, at most ten; Slack takes no empty list, so that none becomes a dash. */
export function fields(pairs: ReadonlyArray<readonly [label: string, value: string]>): KnownBlock {
  if (pairs.length === 0) return section("–");
  return {
    type: "section",
    fields: pairs.slice(0, limits.fields).map(([label, value]) => ({
      type: "mrkdwn",
      text: clamp(`*${label}*\n${value}`, limits.fieldText),
    })),
  };
}

export function note(text: string): KnownBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text: clamp(orDash(text), limits.fieldText) }] };
}

export const divider: KnownBlock = { type: "divider" };
