import type { RunEvent } from "../../../run/events.ts";
import { isTerminal } from "../../../run/lifecycle.ts";
import type { Waiting } from "../../../run/overview/overview.ts";
import type { RunRow } from "../../../run/service.ts";
import { content, note, section, type MessageContent } from "../../limits.ts";
import { buttonRow, type ButtonText } from "../button.ts";
import { renderCard } from "../card.ts";
import { planBlocks } from "../plan.ts";
import { stopButton, waitingButtons } from "./lines.ts";
import { reasonText } from "./waiting-pick.ts";

/**
 * One run, for who asked to see it: its card as it is now, with the whole plan while it waits for approval, and with the
 * buttons that are this person's.
 */
export function runDetails(run: RunRow, events: readonly RunEvent[], waiting: Waiting | null): MessageContent {
  const card = renderCard(run, events);
  // The card's own buttons belong to the one card in the channel.
  const shown = card.blocks.filter((block) => block.type !== "actions");
  const plan = run.state === "requested" ? planBlocks(run.plan, run.digest) : [];
  const why = waiting === null ? "" : reasonText(waiting);
  return content(card.text, [
    ...shown,
    ...plan,
    ...(why === "" ? [] : [section(why)]),
    ...buttonRow("details", buttonsOf(run, events, waiting)),
    ...(isTerminal(run.state) ? [] : [note("A snapshot; the card in the channel is kept up to date.")]),
  ]);
}

function buttonsOf(run: RunRow, events: readonly RunEvent[], waiting: Waiting | null): ButtonText[] {
  if (waiting !== null) return waitingButtons(waiting, "message").filter(({ action }) => action !== "open");
  const judged = events.some((event) => event.type === "judged");
  if (judged) {
    return [
      { action: "open", text: "Findings", value: `findings ${run.id}` },
      { action: "open", text: "History", value: `history ${run.experiment}` },
    ];
  }
  return isTerminal(run.state) || run.state === "requested" ? [] : stopButton(run, "message");
}
