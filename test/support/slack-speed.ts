import { documentedRates, type Rate, type SlackRates } from "../../src/slack/rates.ts";
import { documentedRates as gateRates, type RateLimits } from "./slack-gate/rates.ts";

/** Slack's limits so many times wider, for tests that have no minutes. */
export function ratesAt(speed: number): SlackRates {
  const faster = ({ everyMs, burst }: Rate): Rate => ({ everyMs: everyMs / speed, burst });
  const { posts, edits, files } = documentedRates;
  return { posts: faster(posts), edits: faster(edits), files: faster(files) };
}

/**
 * The gate's limits at such a speed. A machine that stalls lets calls arrive closer together than they were sent; at this
 * speed a tenth of a second weighs as much as a second does at Slack's, so that a burst may be three longer.
 */
export function gateRatesAt(speed: number): RateLimits {
  return { speed, postBurst: gateRates.postBurst + 3 };
}

/** No limit that a test could notice. */
export const unlimited = ratesAt(10_000);

/** Waits after a lost answer that a test can afford. */
export const hasty = { messageShowsMs: 300, fileShowsMs: 300, longestBackOffMs: 1000 };
