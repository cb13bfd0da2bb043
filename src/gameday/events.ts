import { z } from "zod";
import { runStates } from "../run/lifecycle.ts";

/**
 * Everything that happens in a game day, one append-only row of `game_day_events` each. The board, its thread, the
 * direct messages and the retrospective are projections of these rows; nothing else is said about a game day.
 * The first version; a row says which version it was written by, and one that is not known here is passed over.
 */
export const eventVersion = 1;

export const roles = ["commander", "operator", "scribe", "observer"] as const;
export type RoleName = (typeof roles)[number];

/** Who decides about go or no-go: the commander alone, or everybody who is commander, operator or scribe, unanimously. */
export const voteRules = ["commander", "roles"] as const;
export type VoteRule = (typeof voteRules)[number];

export const voteValues = ["go", "no-go"] as const;
export type VoteValue = (typeof voteValues)[number];

/** What somebody expects of the hypothesis. */
export const expectedHypotheses = ["held", "refuted", "no-idea"] as const;
export type ExpectedHypothesis = (typeof expectedHypotheses)[number];

/** Whether somebody expects that acknowledged writes are lost. */
export const expectedLosses = ["none", "some"] as const;
export type ExpectedLoss = (typeof expectedLosses)[number];

export const noteSources = ["typed", "reaction", "shortcut"] as const;
export type NoteSource = (typeof noteSources)[number];

/** A Slack id, or who it was at a command line. */
const user = z.string().min(1).max(200);
/** As much of a sentence as is taken. An event holds a little more: what looks like a secret is hidden, which may be longer. */
export const longestWords = 1000;
const words = z.string().max(longestWords * 1.5);
const why = words.nullable();
const at = z.iso.datetime();
const itemId = z.int().min(1);
const runId = z.string().min(1).max(64);

/** An experiment on the agenda, as it was planned. */
export const plannedItem = z.object({
  id: itemId,
  experiment: z.string().max(64),
  title: z.string().max(300),
  /** As typed; what is not here is the experiment's own. */
  parameters: z.record(z.string(), z.string().max(400)),
  profile: z.string().max(64).nullable(),
  /** Null: the game day's environment, or else the default. */
  cluster: z.string().max(253).nullable(),
  hypothesis: words,
  /** What whoever planned it expects, in their words. */
  expect: why,
  mayBreak: why,
  abortWhen: why,
  /** Not planned: a run of the channel that was asked for otherwise. */
  isExtra: z.boolean(),
});
export type PlannedItem = z.infer<typeof plannedItem>;

export const verdicts = z.object({
  hypothesis: z.enum(["held", "refuted", "inconclusive"]),
  run: z.enum(["completed", "aborted", "failed", "interrupted"]),
  cleanup: z.enum(["verified", "unverified"]),
});

/** What came of a run, for its item. */
export const runResult = z.object({
  state: z.enum(runStates),
  /** Why it did not complete, a sentence; null when it did. */
  reason: why,
  /** Null: it was not judged, since nothing was injected. */
  verdicts: verdicts.nullable(),
  /** Acknowledged writes that were lost; null: not known. */
  lost: z.int().min(0).nullable(),
  findings: z.int().min(0),
  /** The guard that did not hold, if that is why. */
  guard: z.object({ title: words, measured: words, bound: words }).nullable(),
});
export type RunResult = z.infer<typeof runResult>;

const bodies = [
  z.object({
    type: z.literal("planned"),
    by: user,
    title: z.string().min(1).max(250),
    /** When it shall begin. */
    plannedFor: at.nullable(),
    scope: why,
    /** The cluster that its runs go to. */
    environment: z.string().max(253).nullable(),
    rule: z.enum(voteRules),
    mayBreak: why,
    abortWhen: why,
  }),
  z.object({ type: z.literal("item-added"), by: user, item: plannedItem }),
  z.object({ type: z.literal("started"), by: user }),
  z.object({ type: z.literal("joined"), by: user }),
  /** `deactivated`: the workspace says so. */
  z.object({ type: z.literal("left"), by: user, why: z.enum(["left", "deactivated"]) }),
  /** `from`: who had it before and is relieved of it, for a role that only one has. */
  z.object({ type: z.literal("role-taken"), by: user, user, role: z.enum(roles), from: user.nullable() }),
  z.object({ type: z.literal("readiness-asked"), by: user }),
  z.object({ type: z.literal("readiness-said"), by: user, isReady: z.boolean(), reason: why }),
  z.object({ type: z.literal("item-put"), by: user, item: itemId }),
  z.object({ type: z.literal("voted"), by: user, item: itemId, vote: z.enum(voteValues), reason: why }),
  z.object({ type: z.literal("decided"), item: itemId, vote: z.enum(voteValues), reason: why }),
  z.object({ type: z.literal("skipped"), by: user, item: itemId, reason: words }),
  z.object({
    type: z.literal("predicted"),
    by: user,
    item: itemId,
    hypothesis: z.enum(expectedHypotheses).nullable(),
    loss: z.enum(expectedLosses).nullable(),
  }),
  z.object({ type: z.literal("run-requested"), item: itemId, run: runId, state: z.enum(runStates) }),
  /** It could not be asked for; `next` tries again. */
  z.object({ type: z.literal("run-refused"), item: itemId, reason: words, hint: words }),
  /** A run of the channel that was asked for otherwise: an item of its own. */
  z.object({ type: z.literal("run-attached"), by: user, item: plannedItem, run: runId, state: z.enum(runStates) }),
  z.object({ type: z.literal("run-moved"), item: itemId, run: runId, state: z.enum(runStates) }),
  z.object({ type: z.literal("run-ended"), item: itemId, run: runId, result: runResult }),
  /** Somebody saw an effect of the fault, first of all people. */
  z.object({ type: z.literal("effect-seen"), by: user, item: itemId }),
  z.object({
    type: z.literal("noted"),
    by: user,
    text: z.string().min(1).max(4500),
    source: z.enum(noteSources),
    /** Slack's link to the message, if it is about one. */
    link: z.string().max(750).nullable(),
    /** Who wrote that message. */
    author: user.nullable(),
    /** What tells one message from another, so that none is noted twice. */
    key: z.string().max(200).nullable(),
    item: itemId.nullable(),
  }),
  z.object({ type: z.literal("paused"), by: user, reason: why }),
  z.object({ type: z.literal("resumed"), by: user }),
  z.object({ type: z.literal("halted"), by: user, reason: why, halt: z.string().max(64) }),
  z.object({ type: z.literal("halt-lifted"), by: user, halt: z.string().max(64) }),
  z.object({ type: z.literal("ended"), by: user, reason: why }),
] as const;

export const gameDayEventBody = z.discriminatedUnion("type", bodies);
export type GameDayEventBody = z.infer<typeof gameDayEventBody>;

/** A stored event. `seq` counts from 1 in its game day without gaps; `at` is ISO 8601, PostgreSQL's clock. */
export type GameDayEvent = (GameDayEventBody | { type: "unreadable" }) & { gameDay: string; seq: number; at: string };

/** An event from its row; what a newer version wrote is `unreadable` and changes nothing. */
export function readEvent(row: {
  gameDay: string;
  seq: number;
  at: string;
  version: number;
  type: string;
  data: unknown;
}): GameDayEvent {
  const { gameDay, seq, at: happened } = row;
  const data = typeof row.data === "object" && row.data !== null ? row.data : {};
  const parsed =
    row.version === eventVersion
      ? gameDayEventBody.safeParse({ ...data, type: row.type })
      : { success: false as const };
  return parsed.success
    ? { ...parsed.data, gameDay, seq, at: happened }
    : { type: "unreadable", gameDay, seq, at: happened };
}
