import type { ExperimentHistory } from "../../findings/comparison/history.ts";
import { clamp, content, escapeText, limits, section, type MessageContent } from "../limits.ts";
import { trendLines, whichRuns } from "./history.ts";
import { person } from "./words.ts";

/** What stands over the picture in the channel: the figures in words, and who wanted it to be seen. */
export function pictureComment(history: ExperimentHistory, askedBy: string): string {
  const lines = [
    `*History of ${escapeText(history.experiment)}:* ${whichRuns(history)}`,
    ...trendLines(history),
    `Shared by ${person(askedBy)}`,
  ];
  return clamp(lines.join("\n"), limits.messageText);
}

/** The same without a picture, where it could not be drawn. */
export function pictureFailed(history: ExperimentHistory | null, askedBy: string): MessageContent {
  const why = "The chart could not be drawn. Who operates me finds the reason in my log.";
  const text = history === null ? why : `${pictureComment(history, askedBy)}\n${why}`;
  return content(text, [section(text)]);
}
