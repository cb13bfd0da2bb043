/** What a bot scope is for, as whoever installs the app reads it (docs.slack.dev, Scopes). */
export interface Scope {
  /** What the bot does with it. */
  why: string;
  /** What happens without it; null: the bot cannot do its work. */
  without: string | null;
}

/** Every scope of the bot token, in the order in which it is printed. */
export const scopes = {
  commands: { why: "Takes the command /chaos, and “Add to the notes” in a message's menu.", without: null },
  "chat:write": { why: "Posts a run's card, its thread, and answers that only one person sees.", without: null },
  "files:write": { why: "Uploads charts and reports into a run's thread.", without: null },
  "users:read": {
    why: "Looks up whether who clicks is a full member of this workspace (guests, bots and outsiders never decide), and their name.",
    without: null,
  },
  "channels:history": {
    why: "Finds its own message again when Slack's answer to a post was lost, so that nothing is said twice; reads a message that somebody marks as a note.",
    without: "A message may stand there twice, and one that is marked as a note is not read.",
  },
  "metadata.message:read": {
    why: "Knows its own messages again by a mark that nobody sees.",
    without: "It knows them by their words only.",
  },
  "groups:history": {
    why: "The same as channels:history, in private channels.",
    without: "The same as without channels:history, in private channels.",
  },
  "im:write": {
    why: "Opens the direct conversation with whoever takes a role in a game day, for its instructions.",
    without: "They are sent all the same, and cannot be edited or found again.",
  },
  "im:history": {
    why: "The same as channels:history, in those direct conversations.",
    without: "Instructions may be there twice.",
  },
  "app_mentions:read": {
    why: "Hears @aftershock, which works in threads, where Slack takes no command.",
    without: "Mentions are not heard; the command works in channels only.",
  },
  "usergroups:read": {
    why: "Looks up who is in the user groups that a policy names (paid plans).",
    without: "Whoever may decide only as a member of a group may not.",
  },
  "reactions:read": {
    why: "Hears :memo: on a message of a game day, which makes it a note.",
    without: "The reaction does nothing; the message's menu still does.",
  },
  "pins:write": {
    why: "Pins the board of a game day to its channel.",
    without: "The board is not pinned.",
  },
  "canvases:write": {
    why: "Puts a retrospective into a canvas, if somebody asks for that.",
    without: "The retrospective is in the thread only.",
  },
} as const satisfies Readonly<Record<string, Scope>>;

export type BotScope = keyof typeof scopes;

export const botScopes = Object.keys(scopes) as readonly BotScope[];

/** The scope of the app-level token, which Socket Mode needs; it is in no manifest (docs.slack.dev, Using Socket Mode). */
export const appScope = "connections:write";
