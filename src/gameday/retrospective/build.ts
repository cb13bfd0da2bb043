import type { Action } from "../../run/actions/action.ts";
import type { RunEvent } from "../../run/events.ts";
import { isTerminal } from "../../run/lifecycle.ts";
import type { GameDayEvent } from "../events.ts";
import { reduce } from "../reduce.ts";
import { scorePredictions } from "../score.ts";
import type { GameDay, GameDayIdentity, Item } from "../state.ts";
import { momentsOf } from "./moments.ts";
import { retrospectiveVersion, type ItemRecord, type Retrospective, type TimelineEntry } from "./record.ts";

/** All that a retrospective is made of. */
export interface Past {
  identity: GameDayIdentity;
  events: readonly GameDayEvent[];
  /** Of every run of its items, by the run's id. */
  runs: Readonly<Record<string, readonly RunEvent[]>>;
  /** Of its runs, and those that were added in its channel while it went on. */
  actions: readonly Action[];
}

/** Pure. Throws when the game day has not ended, which is a mistake of ours. */
export function buildRetrospective({ identity, events, runs, actions }: Past): Retrospective {
  const day = reduce(identity, events);
  const { endedAt, endedBy } = day;
  if (endedAt === null || endedBy === null) throw new Error(`${day.id} has not ended`);
  const items = day.items.map((item) => recordOf(item, runs[item.run ?? ""] ?? [], events));
  return {
    version: retrospectiveVersion,
    gameDay: day.id,
    channelId: day.channelId,
    title: day.title,
    scope: day.scope,
    environment: day.environment,
    plannedFor: day.plannedFor,
    startedAt: day.startedAt,
    endedAt,
    endedBy,
    endReason: day.endReason,
    attendance: attendanceOf(day, events),
    items,
    timeline: timelineOf(items, events),
    notes: day.notes.map(({ at, by, text, author, link, item }) => ({ at, by, text, author, link, item })),
    scores: scoresOf(items),
    actions: actions.map(actionRecord),
  };
}

export function actionRecord({ id, title, owner, dueOn, runId, state }: Action): Retrospective["actions"][number] {
  return { id, title, owner, dueOn, run: runId, state };
}

function recordOf(item: Item, run: readonly RunEvent[], day: readonly GameDayEvent[]): ItemRecord {
  const moments = momentsOf(item.id, run, day);
  const judged = run.findLast((event) => event.type === "judged");
  const report = judged?.type === "judged" ? judged.report : null;
  const outcome = outcomeOf(item, moments.injectedAt !== null || run.some(isActive));
  return {
    item: item.id,
    experiment: item.experiment,
    title: item.title,
    hypothesis: item.hypothesis,
    isExtra: item.isExtra,
    outcome,
    reason: item.reason ?? item.result?.reason ?? item.refusal?.reason ?? null,
    run: item.run,
    votes: item.votes.map(({ by, vote, reason, at }) => ({ by, vote, reason, at })),
    ...moments,
    result: item.result,
    because: report?.because ?? null,
    findings: (report?.findings ?? []).map(({ id, severity, title }) => ({ id, severity, title })),
    predictions: scorePredictions(item).map(({ by, hypothesis, loss, prediction }) => ({
      by,
      expected: prediction.hypothesis,
      expectedLoss: prediction.loss,
      hypothesis,
      loss,
    })),
  };
}

/** A run that was stopped before has a report as well, which says so; one that injects nothing is active all the same. */
const isActive = (event: RunEvent): boolean => event.type === "state" && event.to === "active";

function outcomeOf({ state, run, runState }: Item, hasBegun: boolean): ItemRecord["outcome"] {
  if (state === "no-go" || state === "skipped") return state;
  if (hasBegun) return "ran";
  // A run that nobody approved, or that a guard stopped: something was asked for and nothing was injected.
  if (run !== null && runState !== null && isTerminal(runState)) return "not-started";
  return state === "go" ? "not-started" : "not-reached";
}

function attendanceOf(day: GameDay, events: readonly GameDayEvent[]): Retrospective["attendance"] {
  const found = new Map<string, Retrospective["attendance"][number]>();
  const come = (userId: string, at: string) => {
    const known = found.get(userId) ?? { userId, roles: [], joinedAt: at, leftAt: null };
    found.set(userId, { ...known, leftAt: null });
    return known;
  };
  const give = (userId: string, at: string, role: Retrospective["attendance"][number]["roles"][number]): void => {
    const { roles, ...person } = come(userId, at);
    found.set(userId, { ...person, leftAt: null, roles: roles.includes(role) ? roles : [...roles, role] });
  };
  for (const event of events) {
    if (event.type === "joined") give(event.by, event.at, "observer");
    else if (event.type === "role-taken") give(event.user, event.at, event.role);
    else if (event.type === "readiness-said") come(event.by, event.at);
    else if (event.type === "left") {
      const known = found.get(event.by);
      if (known !== undefined) found.set(event.by, { ...known, leftAt: event.at });
    }
  }
  // Who is there by another way than these events is there all the same.
  for (const { userId, role, joinedAt } of day.people) if (!found.has(userId)) give(userId, joinedAt, role);
  return [...found.values()];
}

function timelineOf(items: readonly ItemRecord[], events: readonly GameDayEvent[]): TimelineEntry[] {
  const ofItems = items.flatMap(({ item, injectedAt, firstSeen, detected, healedAt, recoveredAt }): TimelineEntry[] => [
    ...(injectedAt === null ? [] : [{ at: injectedAt, kind: "injected" as const, item, by: null, text: null }]),
    ...(firstSeen === null ? [] : [{ at: firstSeen.at, kind: "seen" as const, item, by: firstSeen.by, text: null }]),
    ...(detected === null ? [] : [{ at: detected.at, kind: "detected" as const, item, by: null, text: detected.what }]),
    ...(healedAt === null ? [] : [{ at: healedAt, kind: "healed" as const, item, by: null, text: null }]),
    ...(recoveredAt === null ? [] : [{ at: recoveredAt, kind: "recovered" as const, item, by: null, text: null }]),
  ]);
  // A stable sort: what happened at the same moment stays in the order of its kind above.
  return [...events.flatMap(entryOf), ...ofItems].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function entryOf(event: GameDayEvent): TimelineEntry[] {
  const entry = (
    kind: TimelineEntry["kind"],
    about: { item?: number | null; by?: string | null; text?: string | null } = {},
  ): TimelineEntry[] => [
    { at: event.at, kind, item: about.item ?? null, by: about.by ?? null, text: about.text ?? null },
  ];
  switch (event.type) {
    case "started":
      return entry("started", { by: event.by });
    case "item-put":
      return entry("put", { item: event.item, by: event.by });
    case "decided":
      return entry(event.vote, { item: event.item, text: event.reason });
    case "skipped":
      return entry("skipped", { item: event.item, by: event.by, text: event.reason });
    case "run-ended":
      return entry("run-ended", { item: event.item, text: event.result.state });
    case "noted":
      return entry("noted", { item: event.item, by: event.by, text: event.text });
    case "paused":
      return entry("paused", { by: event.by, text: event.reason });
    case "halted":
      return entry("halted", { by: event.by, text: event.reason });
    case "resumed":
      return entry("resumed", { by: event.by });
    case "halt-lifted":
      return entry("halt-lifted", { by: event.by });
    case "ended":
      return entry("ended", { by: event.by, text: event.reason });
    default:
      return [];
  }
}

/** The best first. */
function scoresOf(items: readonly ItemRecord[]): Retrospective["scores"] {
  const all = items.flatMap(({ predictions }) => predictions);
  return [...new Set(all.map(({ by }) => by))]
    .map((by) => {
      const own = all.filter((each) => each.by === by).flatMap(({ hypothesis, loss }) => [hypothesis, loss]);
      const count = (wanted: string): number => own.filter((score) => score === wanted).length;
      return { by, right: count("right"), wrong: count("wrong") };
    })
    .toSorted((a, b) => b.right - a.right || a.wrong - b.wrong);
}
