/** Least time between two calls of a kind in the long run, and how many may go out at once before that holds. */
export interface Rate {
  everyMs: number;
  burst: number;
}

/** How fast the outbox calls Slack, all bots of a workspace together. */
export interface SlackRates {
  /** Messages, per channel. */
  posts: Rate;
  /** Edits of any message. */
  edits: Rate;
  /** Uploaded files. */
  files: Rate;
}

/**
 * A little less than Slack allows (docs.slack.dev, Rate limits): one message a second per channel with short bursts;
 * `chat.update` is tier 3, 50 calls a minute for the whole workspace, of which 45 and a burst of two are used;
 * `files.getUploadURLExternal`, called once for each file, is tier 4, 100 a minute, of which 90 are used.
 */
export const documentedRates: SlackRates = {
  posts: { everyMs: 1000, burst: 3 },
  edits: { everyMs: 60_000 / 45, burst: 2 },
  files: { everyMs: 60_000 / 90, burst: 4 },
};

/**
 * Drawings of the App Home: `views.publish` is tier 4, 100 calls a minute for the whole app (docs.slack.dev, Rate limits),
 * of which 90 and a burst of four are used. What people open and click goes first, and is counted.
 */
export const homeRate: Rate = { everyMs: 60_000 / 90, burst: 4 };

/** Slack's limits so many times wider, for a stand-in that allows it. */
export function ratesAt(speed: number): SlackRates {
  const faster = ({ everyMs, burst }: Rate): Rate => ({ everyMs: everyMs / speed, burst });
  const { posts, edits, files } = documentedRates;
  return { posts: faster(posts), edits: faster(edits), files: faster(files) };
}

/**
 * How old a card can be, in milliseconds, when so many runs change at once: cards go before everything else, the one that
 * waits longest first, so that each waits for one call of every other card, and for the one under way. A card that is
 * not there yet waits for posts in its channel, one that is there for edits.
 */
export function cardBoundMs(runs: number, { posts, edits }: SlackRates): { first: number; edited: number } {
  return { first: runs * posts.everyMs, edited: runs * edits.everyMs };
}
