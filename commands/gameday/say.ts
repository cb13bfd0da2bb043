import { AftershockError } from "../../src/errors.ts";
import type { Done } from "../../src/gameday/service.ts";
import { content, note, section } from "../../src/slack/limits.ts";
import type { Reply } from "../../src/slack/verb.ts";

/** What the person who typed it sees; everybody sees the board. */
export function said(text: string, hint?: string): Reply {
  return content(text, [section(text), ...(hint === undefined ? [] : [note(hint)])]);
}

/** `text`, or that it was so already. */
export function done({ events }: Done, text: string, hint?: string): Reply {
  return events.length === 0 ? said("It was so already; nothing has changed.") : said(text, hint);
}

/** The number of an item, `2` or `#2`; null when there is none. Throws AftershockError `bad_command` for anything else. */
export function itemNumber(typed: string | undefined): number | null {
  if (typed === undefined) return null;
  const number = /^#?(\d{1,3})$/.exec(typed)?.[1];
  if (number !== undefined) return Number(number);
  throw new AftershockError(
    "bad_command",
    `"${typed}" is not the number of an item.`,
    "See the numbers: /chaos gameday status",
  );
}

/** A sentence from its words; null when there is none. */
export function sentence(tokens: readonly string[]): string | null {
  const text = tokens.join(" ").trim();
  if (text.length <= longestReason) return text === "" ? null : text;
  throw new AftershockError(
    "bad_command",
    `The reason has ${text.length} characters; at most ${longestReason} are kept.`,
    "Make it shorter, and write the rest into the thread.",
  );
}

const longestReason = 900;
