import { documentedRates, type Rate, type SlackRates } from "../../src/slack/rates.ts";

/** Slack's limits so many times wider, for tests that have no minutes. */
export function ratesAt(speed: number): SlackRates {
  const faster = ({ everyMs, burst }: Rate): Rate => ({ everyMs: everyMs / speed, burst });
  const { posts, edits, files } = documentedRates;
  return { posts: faster(posts), edits: faster(edits), files: faster(files) };
}

/** No limit that a test could notice. */
export const unlimited = ratesAt(10_000);

/** Waits after a lost answer that a test can afford. */
export const hasty = { messageShowsMs: 300, fileShowsMs: 300, longestBackOffMs: 1000 };
