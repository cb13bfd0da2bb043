import type pg from "pg";
import { behindRuns } from "../../src/slack/narrator.ts";
import { documentedRates } from "../../src/slack/rates.ts";
import { claimStale } from "../../src/slack/store/home-viewers.ts";
import { claimDue, postedIn } from "../../src/slack/store/outbox.ts";
import { eventsToTell } from "../../src/slack/store/run-events.ts";
import { otherPrimary } from "../../src/store/blast-radius.ts";
import type { Queryable } from "../../src/store/database.ts";
import { lastCompletedRun, recentMeasures } from "../../src/store/earlier-runs.ts";
import { ownerlessRuns } from "../../src/store/leases.ts";
import { countOpen } from "../../src/store/overview.ts";
import { pastExperiments, pastRuns } from "../../src/store/past-runs.ts";
import { expiredRequests, findRun, newestRunIds, occupant, recentRuns, waitingRuns } from "../../src/store/runs.ts";
import { ownedStates } from "../../src/run/take-over.ts";
import type { Volume } from "./big-history.ts";

export interface Asked {
  what: string;
  tookMs: number;
  /** Rows that scans gave or threw away. */
  rowsRead: number;
  /** The scans of its plan. */
  plans: string;
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: PlanNode[];
}

export interface Question {
  what: string;
  /** How often it is asked. */
  when: string;
  /** What it reads: what is open now; earlier runs of the same experiment on the same cluster; or everything. */
  reads: "what is open" | "its own past" | "history";
  ask(client: Queryable): Promise<unknown>;
}

const polled = { reads: "what is open" } as const;
const atEnd = { when: "at a run's end", reads: "its own past" } as const;
const byPerson = { when: "by a person", reads: "what is open" } as const;

/** The service's own queries that are asked by time, by event, or at each run's end, and what people ask of history. */
export function questions({ runs }: Volume): Question[] {
  const newest = `run-${runs}`;
  const like = { experiment: "experiment-3", cluster: "cluster-3", namespace: "cache", system: "redis-sentinel" };
  const target = { ...like, runId: newest };
  const most = { perExperiment: 40, limit: 40 };
  const follow = { openForMs: 1e7, everyMs: 5000, claimMs: 5000, mostFailures: 3, rate: { everyMs: 667, burst: 4 } };
  const hit = { cluster: "cluster-3", exceptRunId: newest, states: ["active"] } as const;
  const measured = { runId: newest, cluster: "cluster-3", perExperiment: 5 };
  return [
    {
      ...polled,
      what: "narrator: which runs have something to tell",
      when: "every event, twice a second",
      ask: behindRuns,
    },
    { ...polled, what: "narrator: a run's events", when: "every event", ask: (client) => eventsToTell(client, newest) },
    {
      ...polled,
      what: "outbox: the next message that is due",
      when: "every message, four times a second",
      ask: (client) => claimDue(client, 30_000, documentedRates),
    },
    {
      ...polled,
      what: "App Home: whose is out of date",
      when: "while one is open",
      ask: (client) => claimStale(client, follow),
    },
    {
      ...polled,
      what: "reconciler: runs without an owner",
      when: "every 3 s",
      ask: (client) => ownerlessRuns(client, ownedStates),
    },
    { ...polled, what: "reconciler: requests that have expired", when: "every 3 s", ask: expiredRequests },
    { ...polled, what: "reconciler: runs that wait to be started", when: "every 3 s", ask: waitingRuns },
    { ...polled, what: "owner: its run", when: "once a second a run", ask: (client) => findRun(client, newest) },
    {
      ...polled,
      what: "approval: who occupies the target",
      when: "every approval",
      ask: (client) => occupant(client, "cluster-3/cache/3"),
    },
    {
      ...polled,
      what: "approval: who hits a primary there",
      when: "every approval",
      ask: (client) => otherPrimary(client, hit),
    },
    { ...byPerson, what: "/chaos status: a channel's newest runs", ask: (client) => recentRuns(client, "C7", 10) },
    { ...byPerson, what: "/chaos status: how many are open", ask: countOpen },
    { ...byPerson, what: "a mistyped run: the newest ids", ask: newestRunIds },
    { ...atEnd, what: "report: the last run like it", ask: (client) => lastCompletedRun(client, target) },
    {
      ...atEnd,
      what: "report: the same, and there is none",
      ask: (client) => lastCompletedRun(client, { ...target, namespace: "other" }),
    },
    { ...atEnd, what: "report: what was measured on its cluster", ask: (client) => recentMeasures(client, measured) },
    { ...atEnd, what: "report: earlier runs on its target", ask: (client) => pastRuns(client, like, most) },
    { ...byPerson, reads: "history", what: "/chaos history: all experiments", ask: pastExperiments },
    { ...byPerson, reads: "history", what: "/chaos history: all targets", ask: (client) => pastRuns(client, {}, most) },
    {
      reads: "history",
      what: "outbox: messages known to stand in a channel",
      when: "after a lost answer",
      ask: (client) => postedIn(client, "C7"),
    },
  ];
}

/** Runs every statement of a question five times under EXPLAIN ANALYZE, in transactions that are undone. */
export async function asked(client: pg.Client, { what, ask }: Question): Promise<Asked> {
  const statements: Array<[text: string, values: unknown[]]> = [];
  const noting = {
    query: async (text: string, values: unknown[] = []) => {
      statements.push([text, values]);
      return client.query(text, values);
    },
  } as unknown as Queryable;
  await client.query("begin");
  await ask(noting);
  await client.query("rollback");
  const sum: Asked = { what, tookMs: 0, rowsRead: 0, plans: "" };
  for (const [text, values] of statements) {
    const times: number[] = [];
    let plan: PlanNode | undefined;
    for (let time = 0; time < 5; time += 1) {
      await client.query("begin");
      const { rows } = await client.query<{
        "QUERY PLAN": Array<{ Plan: PlanNode; "Execution Time": number; "Planning Time": number }>;
      }>(`explain (analyze, timing off, format json) ${text}`, values);
      await client.query("rollback");
      const [answer] = rows[0]?.["QUERY PLAN"] ?? [];
      if (answer === undefined) throw new Error(`no plan of ${what}`);
      times.push(answer["Execution Time"] + answer["Planning Time"]);
      plan = answer.Plan;
    }
    sum.tookMs += times.toSorted((a, b) => a - b)[2] ?? Number.NaN;
    const scans = plan === undefined ? [] : scansOf(plan);
    sum.rowsRead += scans.reduce((total, scan) => total + scan.rows, 0);
    sum.plans += scans.map((scan) => scan.text).join(", ");
  }
  return sum;
}

function scansOf(node: PlanNode): Array<{ text: string; rows: number }> {
  const inner = (node.Plans ?? []).flatMap(scansOf);
  if (!node["Node Type"].includes("Scan") || node["Relation Name"] === undefined) return inner;
  const rows = (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"];
  // A bitmap scan of a table has its indexes below it.
  const bitmap = (node.Plans ?? []).flatMap((part) => part["Index Name"] ?? []).join(" and ");
  const text = node["Index Name"] ?? (bitmap === "" ? `all of ${node["Relation Name"]}` : bitmap);
  return [...inner, { text, rows }];
}
