/** As Slack documents it: a trigger is good for three seconds, and for one view (docs.slack.dev, Interactivity). */
export const triggerLivesMs = 3000;

export interface Triggers {
  /** A trigger that went out to the app just now, because a person did something. */
  learn(id: string, user: string): void;
  /** A new one, for what the gate itself tells the app. */
  make(user: string): string;
  /** Whose it is, or Slack's error. Good once. */
  exchange(id: string | null): { user: string } | { error: string };
  /** One that local-slack takes too (it takes them for half an hour, again and again); null before there was any. */
  localOne(): string | null;
}

export function createTriggers(livesMs: number, nowMs: () => number): Triggers {
  const known = new Map<string, { user: string; atMs: number; used: boolean }>();
  let local: string | null = null;
  let made = 0;
  const add = (id: string, user: string): void => void known.set(id, { user, atMs: nowMs(), used: false });
  return {
    learn: (id, user) => {
      // The same envelope may be delivered twice.
      if (known.has(id)) return;
      add(id, user);
      local = id;
    },
    make: (user) => {
      made += 1;
      const id = `${made}.${made}.gate`;
      add(id, user);
      return id;
    },
    exchange: (id) => {
      const trigger = known.get(id ?? "");
      if (trigger === undefined) return { error: "invalid_trigger_id" };
      if (trigger.used) return { error: "exchanged_trigger_id" };
      if (nowMs() - trigger.atMs > livesMs) return { error: "expired_trigger_id" };
      trigger.used = true;
      return { user: trigger.user };
    },
    localOne: () => local,
  };
}
