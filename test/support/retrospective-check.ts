import { expect } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import type { Retrospective } from "../../src/gameday/retrospective/record.ts";
import { checkTimeline } from "./retrospective-timeline.ts";
import { inSeconds, predictionsOf, scoresOf, timesOf, type Rows } from "./retrospective-recount.ts";

/** Every figure of a retrospective's record against the rows of the database. */
export function checkRecord(retro: Retrospective, rows: Rows): void {
  const { day, runOf, reports } = rows;
  const of = (type: string) => day.filter((row) => row.type === type);
  const iso = (row: { at: Date } | undefined): string | null => row?.at.toISOString() ?? null;
  expect(retro.startedAt).toBe(iso(of("started")[0]));
  expect(retro.endedAt).toBe(iso(of("ended")[0]));
  expect(retro.items.map(({ item }) => item)).toEqual(
    [...of("item-added"), ...of("run-attached")].map(({ data }) => (data["item"] as { id: number }).id),
  );
  for (const item of retro.items) {
    const number = item.item;
    const about = `item ${number}`;
    const run = runOf[number] ?? null;
    const report = reports[run ?? ""] ?? null;
    const { toSeeMs, toDetectMs, toHealMs, toRecoverMs } = item;
    expect({ toSeeMs, toDetectMs, toHealMs, toRecoverMs }, about).toEqual(timesOf(rows, number));
    expect(item.run, about).toBe(run);
    expect(item.result?.verdicts ?? null, about).toEqual(report?.verdicts ?? null);
    expect(item.result?.lost ?? null, about).toBe(report?.writes.total.lost ?? null);
    expect(item.result?.findings ?? 0, about).toBe(report?.findings.length ?? 0);
    expect(item.because, about).toBe(report?.because ?? null);
    expect(item.findings, about).toEqual(
      (report?.findings ?? []).map(({ id, severity, title }) => ({ id, severity, title })),
    );
    expect(
      item.votes.map(({ by, vote, reason, at }) => [by, vote, reason, at]),
      about,
    ).toEqual(
      of("voted")
        .filter(({ data }) => data["item"] === number)
        .map((row) => [row.data["by"], row.data["vote"], row.data["reason"], iso(row)]),
    );
    expect(
      Object.fromEntries(
        item.predictions.map(({ by, expected, expectedLoss }) => [by, { hypothesis: expected, loss: expectedLoss }]),
      ),
      about,
    ).toEqual(predictionsOf(rows, number));
  }
  expect(Object.fromEntries(retro.scores.map(({ by, right, wrong }) => [by, { right, wrong }]))).toEqual(
    scoresOf(rows),
  );
  expect(retro.notes.map(({ at, by, text, item }) => [at, by, text, item])).toEqual(
    of("noted").map((row) => [iso(row), row.data["by"], row.data["text"], row.data["item"]]),
  );
  checkTimeline(retro, rows);
  checkAttendance(retro, rows);
}

function checkAttendance(retro: Retrospective, { day }: Rows): void {
  const joined = new Map<unknown, string>();
  const roles = new Map<unknown, unknown[]>();
  const left = new Map<unknown, string>();
  for (const { type, data, at } of day) {
    const who = type === "role-taken" ? data["user"] : data["by"];
    if (type === "joined" || type === "role-taken") {
      if (!joined.has(who)) joined.set(who, at.toISOString());
      roles.set(who, [...(roles.get(who) ?? []), type === "joined" ? "observer" : data["role"]]);
    }
    if (type === "left") left.set(who, at.toISOString());
  }
  expect(retro.attendance).toEqual(
    [...joined].map(([userId, joinedAt]) => ({
      userId,
      roles: roles.get(userId),
      joinedAt,
      leftAt: left.get(userId) ?? null,
    })),
  );
}

/** What the card and the file say of each item's times, verdict and losses; `words` is the card's text or the file's. */
export function checkFile(markdown: string, { items, scores, attendance, actions }: Retrospective): void {
  for (const { item, title, outcome, toSeeMs, toDetectMs, toHealMs, toRecoverMs, result } of items) {
    const times = [toSeeMs, toDetectMs, toHealMs, toRecoverMs].map(inSeconds).join(" | ");
    if (outcome === "ran") expect(markdown).toContain(`| ${item}. ${title} | ${times} |`);
    else expect(markdown).not.toContain(`| ${item}. ${title} | ${times} |`);
    if (result?.verdicts != null) expect(markdown).toContain(`**Hypothesis ${result.verdicts.hypothesis}**`);
  }
  for (const { by, right, wrong } of scores) expect(markdown).toContain(`| ${by} | ${right} | ${wrong} |`);
  for (const { userId, joinedAt } of attendance) expect(markdown).toMatch(new RegExp(`\\| ${userId} \\|.*${joinedAt}`));
  for (const { id, owner, dueOn } of actions)
    expect(markdown).toMatch(new RegExp(`\\| ${id} \\|.*${owner} \\| ${dueOn}`));
}

/** The card has, for each item that ran, its four times, verdict and losses. */
export function checkCard(card: string, { items, scores }: Retrospective): void {
  for (const { toSeeMs, toDetectMs, toHealMs, toRecoverMs, result } of items.filter(
    ({ outcome }) => outcome === "ran",
  )) {
    expect(card).toContain(`seen by a person after ${inSeconds(toSeeMs)}`);
    expect(card).toContain(`detected by monitoring after ${inSeconds(toDetectMs)}`);
    expect(card).toContain(`Fault removed after ${inSeconds(toHealMs)} · recovered after ${inSeconds(toRecoverMs)}`);
    expect(card).toContain(result?.verdicts?.hypothesis ?? "");
  }
  for (const { by, right, wrong } of scores) expect(card).toContain(`${nameOf(by)} ${right} right, ${wrong} wrong`);
}

/** Nobody is called by a retrospective: people are named. */
function nameOf(user: string): string {
  return workspace.people.find(({ id }) => id === user)?.name ?? user;
}
