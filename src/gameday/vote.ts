import type { VoteValue } from "./events.ts";
import { commanderOf, type GameDay, type Item } from "./state.ts";

/** Who may vote now: the commander, or everybody who is more than an observer. */
export function votersOf(day: Pick<GameDay, "people" | "rule">): string[] {
  return day.people
    .filter(({ role }) => (day.rule === "commander" ? role === "commander" : role !== "observer"))
    .map(({ userId }) => userId);
}

/** Who may vote and has not yet, for an item at the vote. */
export function missingVotes(day: Pick<GameDay, "people" | "rule">, item: Item): string[] {
  return votersOf(day).filter((voter) => !item.votes.some(({ by }) => by === voter));
}

/**
 * How a vote has come out, by those who may vote now; null: it is still open. One no-go decides; go needs everybody, and
 * a commander.
 */
export function outcomeOf(
  day: Pick<GameDay, "people" | "rule">,
  item: Item,
): { vote: VoteValue; reason: string | null } | null {
  if (item.state !== "voting") return null;
  const voters = votersOf(day);
  const counted = item.votes.filter(({ by }) => voters.includes(by));
  const against = counted.find(({ vote }) => vote === "no-go");
  if (against !== undefined) return { vote: "no-go", reason: against.reason };
  const isUnanimous = commanderOf(day) !== null && missingVotes(day, item).length === 0;
  return isUnanimous ? { vote: "go", reason: null } : null;
}
