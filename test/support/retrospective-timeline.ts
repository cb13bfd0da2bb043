import { expect } from "vitest";
import type { Retrospective } from "../../src/gameday/retrospective/record.ts";
import { timesOf, type Rows } from "./retrospective-recount.ts";

/** What each row of a game day is called in the timeline; the others are not in it. `decided` goes by its vote. */
const kindOf: Readonly<Record<string, string>> = {
  started: "started",
  "item-put": "put",
  skipped: "skipped",
  "run-ended": "run-ended",
  noted: "noted",
  paused: "paused",
  halted: "halted",
  resumed: "resumed",
  "halt-lifted": "halt-lifted",
  ended: "ended",
};

/** Every line of the timeline against the rows: when, what and of which item; and that it is in the order of time. */
export function checkTimeline({ timeline, items }: Retrospective, rows: Rows): void {
  const line = (at: number, kind: string, item: number | null): string =>
    `${new Date(at).toISOString()} ${kind} ${item ?? "-"}`;
  const counted = rows.day.flatMap(({ type, at, data }) => {
    const kind = type === "decided" ? String(data["vote"]) : kindOf[type];
    return kind === undefined ? [] : [line(at.getTime(), kind, (data["item"] as number | null | undefined) ?? null)];
  });
  for (const { item } of items) {
    const run = rows.runs[rows.runOf[item] ?? ""] ?? [];
    const injected = run.find(({ type }) => type === "fault-injected");
    if (injected === undefined) continue;
    const { toSeeMs, toDetectMs, toHealMs, toRecoverMs } = timesOf(rows, item);
    const moments = { injected: 0, seen: toSeeMs, detected: toDetectMs, healed: toHealMs, recovered: toRecoverMs };
    for (const [kind, afterMs] of Object.entries(moments)) {
      if (afterMs !== null) counted.push(line(injected.at.getTime() + afterMs, kind, item));
    }
  }
  const told = timeline.map(({ at, kind, item }) => line(Date.parse(at), kind, item));
  expect(told.toSorted()).toEqual(counted.toSorted());
  const times = timeline.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
}
