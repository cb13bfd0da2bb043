import type { Notice } from "../../run/notice.ts";
import { content, escapeText, section, type MessageContent } from "../limits.ts";
import { seconds } from "./words.ts";

/** What belongs to no run, for the channel for operators. */
export function renderNotice(notice: Notice): MessageContent {
  const { what, cluster, run, ok, detail, tookMs } = notice;
  const found = `${escapeText(what)} on cluster ${escapeText(cluster)} was left over from ${escapeText(run)}, which had ended`;
  const text = ok
    ? `:broom: ${found}. Removed in ${seconds(tookMs)}: ${escapeText(detail)}`
    : `:rotating_light: *CLEANUP UNVERIFIED*: ${found}, and it could not be removed: ${escapeText(detail)}\nIn a shell: \`aftershock heal\``;
  return content(text, [section(text)]);
}
