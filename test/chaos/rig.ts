import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import { isTerminal, type RunState } from "../../src/run/lifecycle.ts";
import { openDatabase } from "../../src/store/database.ts";
import { startTestStack, type TestStackOptions } from "../support/stack.ts";
import { healingBoundMs, lease } from "./bound.ts";
import { collectFacts, collectThread, type Place } from "./collect.ts";
import { watchCommits } from "./commits.ts";
import { redisPath, redisSteady, watchHealing, type DataPath, type HealingWatch } from "./data-path.ts";
import type { Facts, Violation } from "./facts.ts";
import { installGates } from "./gate.ts";
import { healingTimeMs } from "./healing-time.ts";
import { judgeRun, judgeThread } from "./invariants.ts";
import { appendLine, type CaseLine } from "./lines.ts";
import { nextRuns, startAndStop } from "./next-run.ts";
import { seeded } from "./random.ts";
import { rolesOf } from "./roles.ts";
import { createScene, type Story, type Scene } from "./scene.ts";

/** The suite's own quick experiment on Redis: about 7 s from asking to findings (test/chaos/jobs). */
export const quickRun = "chaos-replicas-cut";

/** How long a thread may take: a post whose sender was killed is looked for again after 30 s (outbox.ts, staleMs). */
const threadDeadlineMs = 60_000;
const caseDeadlineMs = 120_000;

export interface CaseSpec {
  group: string;
  name: string;
  /** The kind of trouble, as the table's rows are named. */
  fault: string;
  /** How the run may end; with several runs, each of them. */
  mayEnd: readonly RunState[];
  /** Default: Redis in the lab. */
  path?: DataPath;
}

export interface Rig extends Place {
  seed: number;
  scene: Pick<Scene, "roles" | "gates">;
  /**
   * Plays one case and judges it. The script makes runs and trouble; when it is over, every run of the case must end by
   * itself. Throws what was violated. The threads are judged in `close`, when Slack has had time for all of them.
   */
  play(spec: CaseSpec, script: (scene: Scene) => Promise<void>): Promise<void>;
  /** One more run gets going (no case blocked its target), the threads are judged, the lines are written. */
  close(): Promise<void>;
}

/** The seed of this run of the suite; `npm run test:chaos -- --seed N` sets it. */
export function suiteSeed(): number {
  return Number(process.env["CHAOS_SEED"] ?? 1);
}

/** The built service where the suite has built it: it starts in half the time, and this suite starts it hundreds of times. */
function builtMain(): { main?: string } {
  const main = process.env["CHAOS_MAIN"];
  return main === undefined ? {} : { main };
}

/** The real stack for one file of cases, with the suite's experiments beside the catalogue's. */
export async function startRig(options: TestStackOptions = {}): Promise<Rig> {
  const jobs = mkdtempSync(join(tmpdir(), "aftershock-chaos-jobs-"));
  for (const folder of ["../../jobs", "./jobs"]) {
    cpSync(fileURLToPath(new URL(folder, import.meta.url)), jobs, { recursive: true });
  }
  const stack = await startTestStack({
    ...builtMain(),
    // A run takes seconds here, and its thread of 14 messages would take Slack a quarter of a minute.
    ...options,
    lease,
    configure: (config) => {
      const own = { ...config, jobs };
      return options.configure?.(own) ?? own;
    },
  });
  const database = openDatabase(stack.postgres.url, () => undefined);
  const cluster = openCluster({ name: "lab", kubeconfig: stack.lab.kubeconfigPath, context: "lab" });
  const place: Place = { stack, database, cluster };
  const gates = await installGates(stack.postgres.url);
  const roles = rolesOf(stack);
  const seed = suiteSeed();
  const played: CaseLine[] = [];
  const next = nextRuns(database);
  let blocked: string | null = null;

  const play: Rig["play"] = async (spec, script) => {
    const startedAtMs = performance.now();
    const path = spec.path ?? redisPath;
    const record: Story = { runs: [], states: new Set(), hurtAtMs: null, mendedAtMs: null };
    let healing: HealingWatch | undefined;
    const commits = await watchCommits(stack.postgres.url);
    const random = seeded(seed, `${spec.group}/${spec.name}`);
    const parts = { roles, gates, commits, random };
    // Looking costs the cluster something, so it begins with the trouble.
    const scene = createScene(place, parts, record, () => (healing = watchHealing(cluster, path)));
    const found: Violation[] = [];
    try {
      await untilSteady(place);
      await script(scene);
      await untilEnded(place, record.runs, caseDeadlineMs);
    } catch (error) {
      found.push({ kind: "wrong", what: error instanceof Error ? error.message : String(error) });
    }
    await commits.close();
    const mendedAtMs = record.mendedAtMs ?? record.hurtAtMs ?? performance.now();
    healing ??= watchHealing(cluster, path);
    const broken = await healing.untilWhole(Math.max(5000, mendedAtMs + healingBoundMs - performance.now()));
    await healing.stop();
    const all: Facts[] = [];
    for (const runId of record.runs) {
      const facts = await collectFacts(place, runId, { mayEnd: spec.mayEnd, broken });
      found.push(...judgeRun(facts));
      all.push(facts);
    }
    const healedAfterMs = healingTimeMs({ ...record, healedAtMs: healing.healedAtMs() }, all);
    if (healedAfterMs !== null && healedAfterMs > healingBoundMs) {
      found.push({ kind: "wrong", what: `healed after ${healedAfterMs} ms, beyond the bound of ${healingBoundMs} ms` });
    }
    const line: CaseLine = {
      group: spec.group,
      name: spec.name,
      seed,
      fault: spec.fault,
      states: [...record.states],
      runs: record.runs,
      ...countsOf(found),
      healedAfterMs,
      boundMs: healingBoundMs,
      nextRunStarted: false,
      tookMs: Math.round(performance.now() - startedAtMs),
    };
    played.push(line);
    process.stdout.write(
      `${line.violations.length === 0 ? "✔" : "✘"} ${spec.name} (${(line.tookMs / 1000).toFixed(1)} s)\n`,
    );
    if (line.violations.length > 0) await stopRuns(scene, record.runs);
    await next.add(line);
    await next.note(record.runs);
    if (line.violations.length > 0) {
      throw new Error(`${spec.name} (${record.runs.join(" ")}, seed ${seed}):\n${line.violations.join("\n")}`);
    }
  };

  const lastRuns = async (): Promise<void> => {
    const record: Story = { runs: [], states: new Set(), hurtAtMs: null, mendedAtMs: null };
    const commits = await watchCommits(stack.postgres.url);
    const parts = { roles, gates, commits, random: seeded(seed, "last") };
    const scene = createScene(place, parts, record, () => undefined);
    try {
      await untilSteady(place);
      for (const experiment of next.missing()) {
        // The guard of a case that cannot hold would not hold here either; its target is the quick run's.
        await startAndStop(scene, experiment.startsWith("chaos-") ? quickRun : experiment);
      }
      await next.note(record.runs);
      await untilEnded(place, record.runs, caseDeadlineMs);
    } catch (error) {
      blocked = error instanceof Error ? error.message : String(error);
    } finally {
      await commits.close();
    }
  };

  return {
    ...place,
    seed,
    scene: { roles, gates },
    play,
    close: async () => {
      try {
        if (played.length > 0) await lastRuns();
        const end = performance.now() + threadDeadlineMs;
        const problems: string[] = blocked === null ? [] : [`the next run did not get going: ${blocked}`];
        for (const line of played) {
          const found = (await Promise.all(line.runs.map((id) => threadViolations(place, id, end)))).flat();
          const counts = countsOf(found);
          line.duplicates += counts.duplicates;
          line.lostEvents += counts.lostEvents;
          line.violations.push(...counts.violations);
          problems.push(...counts.violations.map((what) => `${line.name}: ${what}`));
          const file = process.env["CHAOS_LINES"];
          if (file !== undefined) appendLine(file, line);
        }
        if (problems.length > 0) throw new Error(problems.join("\n"));
      } finally {
        await database.end().catch(() => undefined);
        await cluster.close().catch(() => undefined);
        stack.hurry();
        await stack.stop();
        rmSync(jobs, { recursive: true, force: true });
      }
    },
  };
}

/** Judges a thread again and again until it is right or its time is over. */
async function threadViolations(place: Place, runId: string, endMs: number): Promise<Violation[]> {
  for (;;) {
    const found = judgeThread(await collectThread(place, runId)).map((violation) => ({
      ...violation,
      what: `${runId}: ${violation.what}`,
    }));
    if (found.length === 0 || performance.now() > endMs) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A case that failed in the middle must not spoil those after it. */
async function stopRuns(scene: Scene, runs: readonly string[]): Promise<void> {
  for (const runId of runs) {
    if (isTerminal(await scene.state(runId))) continue;
    const over = async (): Promise<boolean> => isTerminal(await scene.state(runId));
    await scene.type(`abort ${runId}`, over).catch(() => undefined);
  }
}

async function untilSteady({ cluster }: Place): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    const problems = await redisSteady(cluster).catch((error: unknown) => [String(error)]);
    if (problems.length === 0) return;
    if (performance.now() > end) throw new Error(`the target is not steady before the case: ${problems.join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** Waits until every run has ended, looking through outages of the database. */
async function untilEnded({ database }: Place, runs: readonly string[], deadlineMs: number): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const states = await database
      .query<{ id: string; state: RunState }>("select id, state from runs where id = any($1)", [runs])
      .then(({ rows }) => rows)
      .catch(() => null);
    if (states?.every(({ state }) => isTerminal(state)) === true) return;
    if (performance.now() > end) {
      const left = states?.filter(({ state }) => !isTerminal(state)).map(({ id, state }) => `${id} is ${state}`);
      throw new Error(`not ended within ${deadlineMs / 1000} s: ${left?.join(", ") ?? "the database does not answer"}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function countsOf(found: readonly Violation[]) {
  const count = (kind: Violation["kind"]): number => found.filter((violation) => violation.kind === kind).length;
  return {
    orphans: count("orphan"),
    duplicates: count("duplicate"),
    lostEvents: count("lost"),
    wrongApprovals: count("approval"),
    violations: found.map(({ kind, what }) => `${kind}: ${what}`),
  };
}
