import type { KnownBlock } from "@slack/types";
import { content, section, type MessageContent } from "../../../src/slack/limits.ts";
import { slackModal, type ModalView } from "../../../src/slack/modal.ts";
import { refuseMessage, refuseView, type Refusal } from "../../support/slack-gate/rules.ts";
import { faultsOf, textsOf } from "../../support/slack-gate/texts.ts";

/** What a renderer gives: a message, blocks or a text of one, a form, several of these, or nothing. */
export type Said = MessageContent | KnownBlock | ModalView | string | null | readonly Said[];

/**
 * What Slack would refuse of it, and what nobody wants to read, by the gate's own rules. A message must fit an update too,
 * which takes less. Blocks and texts are judged in a message as the commands and views make it.
 */
export function wrongWith(said: Said): Refusal[] {
  if (said === null) return [];
  if (typeof said === "string") return wrongWith(content(said === "" ? "–" : said, [section(said)]));
  if (isList(said)) return said.flatMap(wrongWith);
  if ("callback" in said) {
    return [...refuseView(slackModal(said, { channelId: "C0CHAOS" })), ...textsOf([...said.blocks]).flatMap(faultsOf)];
  }
  if ("type" in said) return wrongWith(content("blocks", [said]));
  return [
    ...refuseMessage(said, "update"),
    ...[{ text: said.text, mrkdwn: true }, ...textsOf(said.blocks)].flatMap(faultsOf),
  ];
}

function isList(said: Said): said is readonly Said[] {
  return Array.isArray(said);
}
