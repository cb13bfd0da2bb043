import { ratesAt } from "../../src/slack/rates.ts";
import { documentedRates as gateRates, type RateLimits } from "./slack-gate/rates.ts";

export { ratesAt };

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
