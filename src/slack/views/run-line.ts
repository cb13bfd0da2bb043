import type { RunRow } from "../../run/service.ts";
import { escapeText } from "../limits.ts";
import { person, stateWords, timeOfDay } from "./words.ts";

/** One run in one line, for lists. */
export function runLine(run: RunRow): string {
  const words = stateWords[run.state];
  const end = run.endedAt === null ? "" : `, ended ${timeOfDay(run.endedAt)}`;
  return `${words.icon} *${run.id}* ${escapeText(run.experiment)}: ${words.text}, asked for by ${person(run.requestedBy)} at ${timeOfDay(run.createdAt)}${end}`;
}
