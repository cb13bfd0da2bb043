import type { TestStack } from "./stack.ts";
import { query } from "./stack.ts";

/** A row of `game_day_events` or `run_events` as it stands in the database. */
export interface Row {
  seq: number;
  type: string;
  at: Date;
  data: Record<string, unknown>;
}

/** What the database has of a game day, with nothing of the code that made the retrospective. */
export interface Rows {
  day: Row[];
  /** By the run's id. */
  runs: Record<string, Row[]>;
  /** By the item's number. */
  runOf: Record<number, string>;
  /** Each run's report.json, as it was stored. */
  reports: Record<string, RawReport | null>;
}

export interface RawReport {
  verdicts: { hypothesis: string; run: string; cleanup: string };
  because: string;
  findings: Array<{ id: string; severity: string; title: string }>;
  writes: { total: { lost: number | null } };
}

export async function readRows(stack: TestStack, gameDay: string): Promise<Rows> {
  const day = await query<Row>(
    stack,
    "select seq, type, at, data from game_day_events where game_day_id = $1 order by seq",
    [gameDay],
  );
  const named = day.filter(({ type }) => type === "run-requested" || type === "run-attached");
  const runOf = Object.fromEntries(
    named.map(({ type, data }) => [
      type === "run-requested" ? data["item"] : (data["item"] as { id: number }).id,
      data["run"] as string,
    ]),
  ) as Record<number, string>;
  const runs: Rows["runs"] = {};
  const reports: Rows["reports"] = {};
  for (const run of Object.values(runOf)) {
    runs[run] = await query<Row>(stack, "select seq, type, at, data from run_events where run_id = $1 order by seq", [
      run,
    ]);
    const [stored] = await query<{ bytes: Buffer }>(
      stack,
      "select bytes from run_artifacts where run_id = $1 and name = 'report.json'",
      [run],
    );
    reports[run] = stored === undefined ? null : (JSON.parse(stored.bytes.toString("utf8")) as RawReport);
  }
  return { day, runs, runOf, reports };
}

/** Milliseconds from the injection of an item, as one would with a watch; null: it was not observed. */
export interface Times {
  toSeeMs: number | null;
  toDetectMs: number | null;
  toHealMs: number | null;
  toRecoverMs: number | null;
}

export function timesOf({ day, runs, runOf }: Rows, item: number): Times {
  const run = runs[runOf[item] ?? ""] ?? [];
  const injected = run.find(({ type }) => type === "fault-injected");
  if (injected === undefined) return { toSeeMs: null, toDetectMs: null, toHealMs: null, toRecoverMs: null };
  const since = (row: Row | undefined): number | null =>
    row === undefined ? null : row.at.getTime() - injected.at.getTime();
  const after = ({ at }: Row): boolean => at.getTime() >= injected.at.getTime();
  const seen = day.filter(({ type, data }) => (type === "effect-seen" || type === "noted") && data["item"] === item);
  const before = run.filter((row) => row.type === "probe-status" && !after(row)).at(-1);
  const amiss = run.filter(
    (row) =>
      after(row) &&
      (row.type === "stop-condition" ||
        (row.type === "probe-status" && failures(row) > (before === undefined ? 0 : failures(before)))),
  );
  return {
    toSeeMs: since(seen.find(after)),
    toDetectMs: since(amiss[0]),
    toHealMs: since(run.findLast(({ type }) => type === "fault-removed")),
    toRecoverMs: since(run.findLast(({ type, data }) => type === "converged" && data["ok"] === true)),
  };
}

function failures({ data }: Row): number {
  const { clients } = data["status"] as { clients: Array<{ fail: number; unknown: number }> };
  let sum = 0;
  for (const { fail, unknown } of clients) sum += fail + unknown;
  return sum;
}

/** Who predicted what of an item at last: `U0DAVE refuted some`. */
export function predictionsOf({ day }: Rows, item: number): Record<string, { hypothesis: unknown; loss: unknown }> {
  const last: Record<string, { hypothesis: unknown; loss: unknown }> = {};
  for (const { type, data } of day) {
    if (type !== "predicted" || data["item"] !== item) continue;
    last[data["by"] as string] = { hypothesis: data["hypothesis"], loss: data["loss"] };
  }
  return last;
}

/** Everybody's right and wrong answers, over all items. */
export function scoresOf(rows: Rows): Record<string, { right: number; wrong: number }> {
  const scores: Record<string, { right: number; wrong: number }> = {};
  const items = [...new Set(rows.day.flatMap(({ type, data }) => (type === "predicted" ? [data["item"]] : [])))];
  for (const item of items as number[]) {
    const report = rows.reports[rows.runOf[item] ?? ""] ?? null;
    const came = report?.verdicts.hypothesis;
    const lost = report?.writes.total.lost ?? null;
    for (const [by, { hypothesis, loss }] of Object.entries(predictionsOf(rows, item))) {
      const score = (scores[by] ??= { right: 0, wrong: 0 });
      if (came === "held" || came === "refuted") {
        if (hypothesis === came) score.right += 1;
        else if (hypothesis === "held" || hypothesis === "refuted") score.wrong += 1;
      }
      if (lost !== null && loss !== null) {
        if ((loss === "some") === lost > 0) score.right += 1;
        else score.wrong += 1;
      }
    }
  }
  return scores;
}

/** Seconds as the card and the file say them. */
export function inSeconds(durationMs: number | null): string {
  return durationMs === null ? "unknown" : `${(durationMs / 1000).toFixed(1)} s`;
}
