import { z } from "zod";
import { expectedHypotheses, expectedLosses, roles, runResult, voteValues } from "../events.ts";

/** Which version of this record a stored one is; another one is not read. */
export const retrospectiveVersion = 1;

const moment = z.iso.datetime().nullable();
/** Null: not observed, and therefore unknown. */
const ms = z.int().min(0).nullable();
const score = z.enum(["right", "wrong", "no-idea", "not-said", "unknown"]);

/**
 * ran: its run ended after something was asked of the cluster. not-started: its run ended, or was refused, before anything
 * was injected. no-go, skipped: as was decided. not-reached: the game day ended before.
 */
export const outcomes = ["ran", "not-started", "no-go", "skipped", "not-reached"] as const;

export const itemRecord = z.object({
  item: z.int(),
  experiment: z.string(),
  title: z.string(),
  hypothesis: z.string(),
  /** A run of the channel that was not on the agenda. */
  isExtra: z.boolean(),
  outcome: z.enum(outcomes),
  /** Why it did not run, or how its run ended; null when nothing was said. */
  reason: z.string().nullable(),
  run: z.string().nullable(),
  votes: z.array(z.object({ by: z.string(), vote: z.enum(voteValues), reason: z.string().nullable(), at: z.string() })),
  /** PostgreSQL's clock, ISO 8601. */
  injectedAt: moment,
  /** The first thing that a person said of it after the injection. */
  firstSeen: z.object({ at: z.iso.datetime(), by: z.string(), how: z.enum(["effect-seen", "note"]) }).nullable(),
  /** The first thing that was measured after the injection and was amiss. */
  detected: z.object({ at: z.iso.datetime(), how: z.enum(["stop-condition", "probe"]), what: z.string() }).nullable(),
  /** When the last fault was removed; null unless every fault was. */
  healedAt: moment,
  /** When the system agreed again. */
  recoveredAt: moment,
  /** From the injection, in milliseconds. */
  toSeeMs: ms,
  toDetectMs: ms,
  toHealMs: ms,
  toRecoverMs: ms,
  result: runResult.nullable(),
  because: z.string().nullable(),
  findings: z.array(z.object({ id: z.string(), severity: z.string(), title: z.string() })),
  predictions: z.array(
    z.object({
      by: z.string(),
      expected: z.enum(expectedHypotheses).nullable(),
      expectedLoss: z.enum(expectedLosses).nullable(),
      hypothesis: score,
      loss: score,
    }),
  ),
});
export type ItemRecord = z.infer<typeof itemRecord>;

export const timelineKinds = [
  "started",
  "put",
  "go",
  "no-go",
  "skipped",
  "injected",
  "seen",
  "detected",
  "healed",
  "recovered",
  "run-ended",
  "noted",
  "paused",
  "resumed",
  "halted",
  "halt-lifted",
  "ended",
] as const;

export const timelineEntry = z.object({
  at: z.iso.datetime(),
  kind: z.enum(timelineKinds),
  item: z.int().nullable(),
  by: z.string().nullable(),
  /** What was said, or measured. */
  text: z.string().nullable(),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

/** What a game day came to. Made once, when it has ended, from its events, its runs' events and their reports. */
export const retrospectiveSchema = z.object({
  version: z.literal(retrospectiveVersion),
  gameDay: z.string(),
  channelId: z.string(),
  title: z.string(),
  scope: z.string().nullable(),
  environment: z.string().nullable(),
  plannedFor: moment,
  startedAt: moment,
  endedAt: z.iso.datetime(),
  endedBy: z.string(),
  endReason: z.string().nullable(),
  attendance: z.array(
    z.object({
      userId: z.string(),
      /** In the order in which they had them. */
      roles: z.array(z.enum(roles)),
      joinedAt: z.string(),
      /** Null: they stayed to the end. */
      leftAt: moment,
    }),
  ),
  items: z.array(itemRecord),
  timeline: z.array(timelineEntry),
  notes: z.array(
    z.object({
      at: z.string(),
      by: z.string(),
      text: z.string(),
      author: z.string().nullable(),
      link: z.string().nullable(),
      item: z.int().nullable(),
    }),
  ),
  /** Of everybody who predicted: how often they were right and wrong, over both questions. */
  scores: z.array(z.object({ by: z.string(), right: z.int(), wrong: z.int() })),
  actions: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      owner: z.string(),
      dueOn: z.string().nullable(),
      run: z.string().nullable(),
      state: z.enum(["open", "done", "dropped"]),
    }),
  ),
});
export type Retrospective = z.infer<typeof retrospectiveSchema>;
