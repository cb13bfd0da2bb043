import type { KnownBlock } from "@slack/types";
import type { Experiment } from "../../experiment/schema.ts";
import { askText, type WatchPlan } from "../../experiment/resolve-watch.ts";
import { formatDuration } from "../../experiment/duration.ts";
import { escapeText, section } from "../limits.ts";

/** What Prometheus and Alertmanager are asked, and what ends the run: what an approver sees. */
export function watchBlocks(watches: readonly WatchPlan[]): KnownBlock[] {
  if (watches.length === 0) return [];
  const lines = watches.map((watch) => {
    const held = watch.forMs === 0 ? "" : ` for ${formatDuration(watch.forMs)}`;
    const limit = "above" in watch.limit ? `above ${watch.limit.above}` : `below ${watch.limit.below}`;
    const when = `${askText(watch)} ${watch.ask.of === "alertmanager" ? "fires" : `is ${limit}`}${held}`;
    const unknown =
      watch.onUnknown === "stop"
        ? `or is unknown for ${formatDuration(watch.unknownAfterMs)}`
        : "the run goes on when it is unknown";
    return `• ${escapeText(watch.title)}: ${escapeText(when)}, ${unknown}`;
  });
  return [section(`*Stops by itself when*\n${lines.join("\n")}`)];
}

/** An experiment's stop conditions, before any parameter is known. */
export function stopBlocks(conditions: Experiment["stopConditions"]): KnownBlock[] {
  if (conditions.length === 0) return [];
  const lines = conditions.map((condition) => {
    if ("client" in condition) return condition.title;
    return "prometheus" in condition
      ? `${condition.title} (Prometheus: ${condition.prometheus.query})`
      : `${condition.title} (alert: ${Object.entries<string>(condition.alert.matchers)
          .map(([name, value]) => `${name}=${value}`)
          .join(", ")})`;
  });
  return [section(`*Stops by itself when*\n${lines.map((line) => `• ${escapeText(line)}`).join("\n")}`)];
}
