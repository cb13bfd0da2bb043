import type { Waiting } from "../../../run/overview/overview.ts";
import { content, note, section, type MessageContent } from "../../limits.ts";
import { escapeReason } from "../card.ts";
import { mostChoices, pickMessage } from "../pick.ts";
import { waitingButtons, waitingLine } from "./lines.ts";

/**
 * What waits, for one that was not named: those that the person may decide about, without the button that was not asked
 * for; or, if there are none, why not those that there are.
 */
export function waitingPick(
  waiting: readonly Waiting[],
  asked: { fits: readonly Waiting["role"][]; without: string },
  words: { question: string; none: string; hint: string },
): MessageContent {
  const fitting = waiting.filter(({ role }) => asked.fits.includes(role));
  if (fitting.length > 0) {
    return pickMessage(
      words.question,
      fitting.map((one) => ({
        line: waitingLine(one),
        buttons: waitingButtons(one, "message").filter(({ action }) => action !== asked.without),
      })),
      words.hint,
    );
  }
  const why = waiting.slice(0, mostChoices).map((one) => `${waitingLine(one)}\n${reasonText(one)}`);
  return content(words.none, [section(words.none), ...why.map((line) => section(line)), note(words.hint)]);
}

/** Why it is not for this person to decide now. */
export function reasonText({ role, why }: Waiting): string {
  switch (role) {
    case "decide":
      return "";
    case "asked":
      return "You asked for it yourself: somebody else must approve it.";
    case "approved":
      return "You have approved it: somebody else must, too.";
    case "watch":
      return escapeReason(why ?? "Others decide about it.");
  }
}
