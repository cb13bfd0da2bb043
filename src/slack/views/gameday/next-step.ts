import { commanderOf, currentItem, nextItem, type GameDay, type Item } from "../../../gameday/state.ts";
import { missingVotes } from "../../../gameday/vote.ts";
import { escapeText } from "../../limits.ts";
import { escapeReason } from "../card.ts";
import { people, person, stateWords } from "../words.ts";

/** What happens next in a game day and who must act, for whoever comes back to it. */
export function nextStep(day: GameDay, command: string): string {
  const commander = commanderOf(day);
  if (day.phase === "ended") {
    return day.startedAt === null
      ? "It was cancelled before it began."
      : "It is over. What was learned is in its thread.";
  }
  if (commander === null) {
    return `:rotating_light: *Nobody commands it now.* Somebody must take the role: \`${command} gameday role commander\``;
  }
  const who = person(commander);
  switch (day.phase) {
    case "planned":
      return `To start, ${who}: \`${command} gameday start\`. Until then: join, take a role, say whether you are ready.`;
    case "paused":
      return `To resume, ${who}: \`${command} gameday resume\``;
    case "halted":
      return `Everything is stopped. To lift the halt, whoever may (\`${command} policy\`): \`${command} resume\`; then ${who}: \`${command} gameday resume\`.`;
    case "open":
      return whenOpen(day, who, command);
  }
}

function whenOpen(day: GameDay, who: string, command: string): string {
  const item = currentItem(day);
  if (item === null) {
    const next = nextItem(day);
    return next === null
      ? `The agenda is done. ${who} ends it, \`${command} gameday end\`, or adds to it, \`${command} gameday add EXPERIMENT\`.`
      : `To put item ${next.id}, ${escapeText(next.title)}, to the vote, ${who}: \`${command} gameday next\``;
  }
  switch (item.state) {
    case "voting":
      return `*Go or no-go for item ${item.id}, ${escapeText(item.title)}?* Waiting for ${people(missingVotes(day, item))}: \`${command} gameday vote go\``;
    case "go":
      return item.refusal === null
        ? `Item ${item.id} is go; its run is being requested.`
        : `Item ${item.id} is go, but its run could not be asked for: ${escapeReason(item.refusal.reason)} ${escapeReason(item.refusal.hint)} Then ${who} puts it again: \`${command} gameday next\``;
    default:
      return runText(item, command);
  }
}

function runText({ id, run, runState }: Item, command: string): string {
  const name = run ?? "its run";
  if (runState === "requested") {
    return `Item ${id}: *${name} waits for approval* by somebody else than who asked: its card is in this channel, or \`${command} approve ${name}\``;
  }
  const words = runState === null ? "is on" : stateWords[runState].text;
  return `Item ${id}: *${name}*, ${words}. Stop it: \`${command} abort ${name}\``;
}
