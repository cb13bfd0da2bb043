import { clamp, escapeText, type MessageContent } from "./limits.ts";

const mention = /<@([UW][A-Z0-9]+)>/g;
/** A name that fits where a mention stood, whatever it is. */
const longestName = 40;

/** Ids of the people whom texts mention, each once. */
export function mentionsIn(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => [...text.matchAll(mention)].flatMap(([, id]) => id ?? [])))];
}

/** All texts of a message that Slack reads for mentions. */
export function textsIn(message: MessageContent): string[] {
  return [message.text, ...collect(message.blocks)];
}

function collect(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (isMarked(value)) return [value.text];
  return Object.values(value).flatMap(collect);
}

/** A text in which Slack reads marks; in a header or on a button a mention is only letters. */
function isMarked(value: object): value is { type: "mrkdwn"; text: string } {
  return "type" in value && value.type === "mrkdwn" && "text" in value && typeof value.text === "string";
}

/** A text in which only those who are called are mentioned. Without a known name a person is named by the bare id. */
export function quietText(text: string, calls: readonly string[], names: ReadonlyMap<string, string>): string {
  const said = text.replace(mention, (whole, id: string) =>
    calls.includes(id) ? whole : nameText(names.get(id) ?? id),
  );
  // A name may be longer than the mention; every text of a message may have 2,000 characters (src/slack/limits.ts).
  return clamp(said, Math.max(text.length, 2000));
}

/**
 * Who is called. Slack notifies whoever a message mentions when it is posted, and nobody when it is edited (docs.slack.dev,
 * Formatting message text; chat.update). So each message says in `calls` whom it calls, and only those are mentioned by its
 * first posting; everybody else is named there without a mention. The rule:
 *
 * - Approvers are called once, by the request that needs them.
 * - The requester is called once when it is decided (approved, denied, expired, void) and once when it has ended; not by what
 *   they did themselves, and not by a run that a schedule asked for, unless that came to no good end.
 * - Who is paged is called by each page of an alarm; who wants a schedule, by what it could not start.
 * - In a game day: who is asked whether they are ready, who votes, and who could take over from a commander who has left.
 * - Nobody else is called by anything. Answers that only one person sees may mention anybody: they notify nobody else.
 *
 * This is how a message is first posted. Pure.
 */
export function quieten(
  message: MessageContent,
  calls: readonly string[],
  names: ReadonlyMap<string, string>,
): MessageContent {
  return {
    text: quietText(message.text, calls, names),
    blocks: quietValue(message.blocks, calls, names) as MessageContent["blocks"],
  };
}

function quietValue(value: unknown, calls: readonly string[], names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => quietValue(each, calls, names));
  if (typeof value !== "object" || value === null) return value;
  if (isMarked(value)) return { ...value, text: quietText(value.text, calls, names) };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, quietValue(inner, calls, names)]));
}

/** People choose their names: nothing in one is a mark, a link or a mention. */
function nameText(name: string): string {
  return clamp(escapeText(name).replace(/[*_~]/g, ""), longestName) || "somebody";
}
