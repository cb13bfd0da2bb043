import type { Waiting } from "../../../run/overview/overview.ts";
import type { Schedule } from "../../../run/schedules/schedule.ts";
import { content, section, type MessageContent } from "../../limits.ts";
import { buttonRow, type ButtonText } from "../button.ts";
import { planBlocks } from "../plan.ts";
import { renderScheduleCard } from "../schedule-card.ts";
import { waitingButtons } from "./lines.ts";
import { reasonText } from "./waiting-pick.ts";

/** One schedule, for who asked to see it: its card, the whole plan while it waits, and this person's buttons. */
export function scheduleDetails(schedule: Schedule, waiting: Waiting | null): MessageContent {
  const card = renderScheduleCard(schedule);
  const shown = card.blocks.filter((block) => block.type !== "actions");
  const plan = schedule.state === "requested" ? planBlocks(schedule.plan, schedule.shapeDigest) : [];
  const why = waiting === null ? "" : reasonText(waiting);
  return content(card.text, [
    ...shown,
    ...plan,
    ...(why === "" ? [] : [section(why)]),
    ...buttonRow("details", buttonsOf(schedule, waiting)),
  ]);
}

function buttonsOf({ id, state }: Schedule, waiting: Waiting | null): ButtonText[] {
  if (waiting !== null) return waitingButtons(waiting, "message").filter(({ action }) => action !== "open");
  if (state !== "active") return [];
  const confirm = `${id} comes due no more. A run that runs goes on.`;
  return [{ action: "pick-unschedule", text: `End ${id}`, value: id, style: "danger", confirm }];
}
