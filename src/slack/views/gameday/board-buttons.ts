import type { KnownBlock } from "@slack/types";
import { roles } from "../../../gameday/events.ts";
import { currentItem, holders, nextItem, type GameDay, type Item } from "../../../gameday/state.ts";
import { note } from "../../limits.ts";
import { buttonRow, type ButtonText } from "../button.ts";
import { predictionButtons } from "./agenda.ts";

/** What can be clicked on the board now. Who may is decided at the click. */
export function boardButtons(day: GameDay): KnownBlock[] {
  if (day.phase === "ended") return [];
  const item = currentItem(day);
  const predictable = item ?? nextItem(day);
  const canPredict = predictable !== null && predictable.predictionsClosedAt === null;
  return [
    ...buttonRow(`gameday:${day.id}:now`, nowButtons(day, item)),
    ...(canPredict
      ? [
          note(`What do you expect of item ${predictable.id}? Names are shown after the run.`),
          ...predictionButtons(day, predictable),
        ]
      : []),
    ...buttonRow(`gameday:${day.id}:people`, peopleButtons(day)),
  ];
}

function nowButtons({ id, phase }: GameDay, item: Item | null): ButtonText[] {
  const value = item === null ? id : `${id}|${item.id}`;
  const next: ButtonText = { action: "gameday-next", text: "Next", value: id, style: "primary" };
  if (phase === "planned") return [{ action: "gameday-start", text: "Start", value: id, style: "primary" }];
  if (phase === "paused") return [{ action: "gameday-resume", text: "Resume", value: id, style: "primary" }];
  if (phase !== "open") return [];
  switch (item?.state) {
    case "voting":
      return [
        { action: "gameday-go", text: "Go", value, style: "primary" },
        { action: "gameday-no-go", text: "No-go…", value, style: "danger" },
        { action: "gameday-skip", text: "Skip…", value },
      ];
    case "running": {
      const run = item.run ?? "";
      const stop: ButtonText = {
        action: "stop",
        text: `Stop ${run}`,
        value: run,
        style: "danger",
        confirm: `The fault is removed at once, and ${run} ends as aborted.`,
      };
      return [
        { action: "gameday-see", text: "I see an effect", value },
        { action: "open", text: `Status of ${run}`, value: `status ${run}` },
        stop,
      ];
    }
    case "go":
      return item.refusal === null ? [] : [next, { action: "gameday-skip", text: "Skip…", value }];
    default:
      return [next, { action: "gameday-skip", text: "Skip…", value: id }];
  }
}

function peopleButtons(day: GameDay): ButtonText[] {
  const { id } = day;
  const open = roles.filter((role) => role !== "observer" && holders(day, role).length === 0);
  return [
    { action: "gameday-join", text: "Join", value: id },
    { action: "gameday-ready", text: "I am ready", value: id },
    { action: "gameday-not-ready", text: "Not ready…", value: id },
    ...open.map((role): ButtonText => ({ action: "gameday-role", text: `Be ${role}`, value: `${id}|${role}` })),
    { action: "gameday-note", text: "Note…", value: id },
  ];
}
