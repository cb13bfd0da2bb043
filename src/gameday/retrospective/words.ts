import type { ItemRecord, Retrospective, TimelineEntry } from "./record.ts";

/** Seconds with one digit, or what is true of a time that nobody observed. */
export function timeText(durationMs: number | null): string {
  return durationMs === null ? "unknown" : `${(durationMs / 1000).toFixed(1)} s`;
}

export const outcomeWords: Readonly<Record<ItemRecord["outcome"], string>> = {
  ran: "ran",
  "not-started": "not injected",
  "no-go": "no-go",
  skipped: "skipped",
  "not-reached": "not reached",
};

export const kindWords: Readonly<Record<TimelineEntry["kind"], string>> = {
  started: "the game day began",
  put: "put to the vote",
  go: "go",
  "no-go": "no-go",
  skipped: "skipped",
  injected: "fault injected",
  seen: "first seen by a person",
  detected: "detected by monitoring",
  healed: "fault removed",
  recovered: "recovered",
  "run-ended": "run ended",
  noted: "note",
  paused: "paused",
  resumed: "resumed",
  halted: "everything halted",
  "halt-lifted": "halt lifted",
  ended: "the game day ended",
};

export const scoreWords: Readonly<Record<ItemRecord["predictions"][number]["hypothesis"], string>> = {
  right: "right",
  wrong: "wrong",
  "no-idea": "no idea",
  "not-said": "not said",
  unknown: "not known",
};

/** What was expected of an item, in words; null: nothing was said. */
export function expectedText({ expected, expectedLoss }: ItemRecord["predictions"][number]): string {
  const hypothesis = { held: "it holds", refuted: "it is refuted", "no-idea": "no idea" };
  const loss = { none: "nothing lost", some: "writes lost" };
  return [
    ...(expected === null ? [] : [hypothesis[expected]]),
    ...(expectedLoss === null ? [] : [loss[expectedLoss]]),
  ].join(", ");
}

/** How many of each there were: `3 ran, 1 no-go`. */
export function outcomeCounts({ items }: Pick<Retrospective, "items">): string {
  const counted = Object.entries(outcomeWords).flatMap(([outcome, words]) => {
    const count = items.filter((item) => item.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  return counted.length === 0 ? "nothing was on the agenda" : counted.join(", ");
}
