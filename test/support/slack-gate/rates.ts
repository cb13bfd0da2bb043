/** Calls a minute that Slack's tiers allow an app in a workspace, per method (docs.slack.dev, Rate limits). */
export const tierPerMinute = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;

type Tier = keyof typeof tierPerMinute;

/** Anchors 1.3. A method that is not here is not limited. */
export const methodTiers: Readonly<Record<string, Tier>> = {
  "chat.update": 3,
  "chat.delete": 3,
  "chat.scheduleMessage": 3,
  "chat.postEphemeral": 4,
  "views.open": 4,
  "views.push": 4,
  "views.update": 4,
  "views.publish": 4,
  "reactions.add": 3,
  "pins.add": 2,
  "pins.remove": 2,
  "pins.list": 2,
  "bookmarks.add": 2,
  "files.getUploadURLExternal": 4,
  "files.completeUploadExternal": 4,
  "files.info": 4,
  "usergroups.list": 2,
  "usergroups.users.list": 2,
  "conversations.list": 2,
  "conversations.setTopic": 2,
  "conversations.info": 3,
  "conversations.history": 3,
  "conversations.replies": 3,
  "conversations.members": 4,
  "users.info": 4,
  "users.list": 2,
};

export interface RateLimits {
  /** How many times faster than Slack, for tests that have no minutes: 10 allows tier 3 500 calls a minute. */
  speed: number;
  /**
   * Messages to a channel at once, above one a second. Slack allows "short bursts" without a figure; five is ours, and
   * less than the bot must ever need.
   */
  postBurst: number;
}

export const documentedRates: RateLimits = { speed: 1, postBurst: 5 };

export interface Rates {
  /** Null: go on; otherwise how long to wait, in whole seconds as Slack says it. */
  refuse(method: string, channel: string | null, nowMs: number): number | null;
}

/** Slack's limits: a tier's calls within any minute, and a bucket per channel that holds a burst and gains one a second. */
export function createRates({ speed, postBurst }: RateLimits): Rates {
  const taken = new Map<string, number[]>();
  const buckets = new Map<string, { holds: number; atMs: number }>();
  const perMinute = (key: string, most: number, nowMs: number): number | null => {
    const windowMs = 60_000 / speed;
    const recent = (taken.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    taken.set(key, recent);
    if (recent.length < most) {
      recent.push(nowMs);
      return null;
    }
    return Math.max(1, Math.ceil(((recent[0] ?? nowMs) + windowMs - nowMs) / 1000));
  };
  const toChannel = (channel: string, nowMs: number): number | null => {
    const before = buckets.get(channel) ?? { holds: postBurst, atMs: nowMs };
    const holds = Math.min(postBurst, before.holds + ((nowMs - before.atMs) * speed) / 1000);
    buckets.set(channel, { holds: holds < 1 ? holds : holds - 1, atMs: nowMs });
    return holds < 1 ? Math.max(1, Math.ceil((1 - holds) / speed)) : null;
  };
  return {
    refuse: (method, channel, nowMs) => {
      if (method === "chat.postMessage") return toChannel(channel ?? "", nowMs);
      const tier = methodTiers[method];
      return tier === undefined ? null : perMinute(method, tierPerMinute[tier], nowMs);
    },
  };
}
