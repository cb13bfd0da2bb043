import type { ExperimentHistory } from "../../findings/comparison/history.ts";
import { clamp, content, escapeText, limits, section, type MessageContent } from "../limits.ts";
import { trendLines, whichRuns } from "./history.ts";

/**
 * What stands over the picture in the channel: the figures in words. Who shared it is in the audit trail: a mention would
 * call somebody who has nothing to do.
 */
export function pictureComment(history: ExperimentHistory): string {
  const title = `*History of ${escapeText(history.experiment)}:* ${whichRuns(history)}`;
  return clamp([title, ...trendLines(history)].join("\n"), limits.messageText);
}

/** The same without a picture, where it could not be drawn. */
export function pictureFailed(history: ExperimentHistory | null): MessageContent {
  const why = "The chart could not be drawn. The reason is in the bot's own log.";
  const text = history === null ? why : `${pictureComment(history)}\n${why}`;
  return content(text, [section(text)]);
}
