import { messageOf } from "../../errors.ts";
import { parseDurationMs } from "../../experiment/duration.ts";
import { withMember } from "../patroni/connect.ts";
import type { PatroniPods } from "../patroni/members.ts";
import type { Recorder } from "../recorder.ts";
import type { Exercise, ExerciseStage, Proof, SystemContext } from "../system.ts";
import { checkConsistency, checksumFailures } from "./consistency.ts";
import { dropAmcheck, ensureAmcheck } from "./extension.ts";
import { openMeasuring, tellMedians, type Measuring } from "./measure.ts";
import { backBoundMs, medianOf, samplesOf, type StageName } from "./samples.ts";
import { watchServer } from "./server-watch.ts";
import { readStatistics } from "./statistics.ts";
import { createTables, dropTables, tablesOf } from "./workload.ts";

const baselineRounds = 7;
const afterRounds = 5;
const betweenRoundsMs = 200;
/** A server that is down is not asked more often than this. */
const afterFailureMs = 1000;
const backDeadlineMs = 20_000;
const backPauseMs = 1000;

export interface IoExercise extends Exercise {
  /** Where to record what the thread need not tell: the recorder that the clients write to. */
  quietly(recorder: Recorder): void;
  /** Removes what it made, on whatever is the primary now. */
  cleanUp(): Promise<void>;
  close(): void;
}

/**
 * The training module's exercise, step by step: a table of 5,000 rows of 1 KiB, its queries measured before, during and
 * after the fault, what the servers say meanwhile, and every member checked afterwards.
 */
export function createIoExercise(
  context: SystemContext,
  members: PatroniPods,
  primaryNow: () => Promise<string>,
): IoExercise {
  const tables = tablesOf(context.runId);
  const container = String(context.parameters["container"] ?? "postgresql");
  const limitMs = parseDurationMs(String(context.parameters["checkLimit"] ?? "5m"));
  let first: { pod: string; measuring: Measuring; watch: ReturnType<typeof watchServer> } | null = null;
  let quiet: Recorder | null = null;
  let failuresBefore: ReadonlyMap<string, number | null> = new Map();

  const statistics = async ({ recorder }: ExerciseStage, pod: string, measuring: Measuring, stage: StageName) => {
    const detail = { stage, ...(await readStatistics(measuring.query)) };
    recorder.event({ atMs: recorder.now(), source: pod, event: "statistics", detail });
  };
  const rounds = async (stage: ExerciseStage, measuring: Measuring, name: StageName, count: number): Promise<void> => {
    for (let round = 0; round < count && !stage.signal.aborted; round++) await measuring.round(stage, name);
  };

  return {
    quietly: (recorder) => (quiet = recorder),
    before: async (stage) => {
      const pod = await primaryNow();
      const { recorder } = stage;
      const measuring = openMeasuring(members, pod, tables, quiet ?? recorder);
      const watch = watchServer({ members, pod, recorder, quiet: quiet ?? recorder });
      first = { pod, measuring, watch };
      for (const text of createTables(tables)) await measuring.query(text);
      await ensureAmcheck(measuring.query);
      failuresBefore = await checksumFailures(members);
      await measuring.buffers(stage, "before");
      await rounds(stage, measuring, "before", baselineRounds);
      await measuring.connection(stage, "before");
      await statistics(stage, pod, measuring, "before");
      await watch.first;
      tellMedians(stage, pod, "before");
    },
    during: async (stage) => {
      if (first === null) return;
      const { pod, measuring } = first;
      // A new connection reads files of its own and may take long; the open one is measured meanwhile.
      const connecting = measuring.connection(stage, "during");
      await measuring.round(stage, "during");
      await measuring.buffers(stage, "during").catch((error: unknown) => tellProblem(stage, pod, error));
      while (!stage.signal.aborted) {
        const answered = await measuring.round(stage, "during");
        await pause(answered ? betweenRoundsMs : afterFailureMs, stage.signal);
      }
      await connecting;
    },
    after: async (stage) => {
      if (first === null) return [];
      tellMedians(stage, first.pod, "during");
      try {
        const primary = await primaryNow();
        const proofs = [await measureAgain(stage, primary)];
        const checks = { context, members, primary, tables, container, limitMs, failuresBefore, stage };
        return [...proofs, ...(await checkConsistency(checks))];
      } catch (error) {
        return [{ what: "every member was checked after the fault", ok: false, detail: messageOf(error) }];
      }
    },
    cleanUp: async () => {
      await withMember(members, await primaryNow(), async (client) => {
        await client.query(dropTables(tables));
        await dropAmcheck(async (text) => (await client.query(text)).rows);
      });
    },
    close: () => {
      first?.watch.stop();
      first?.measuring.close();
    },
  };

  async function measureAgain(stage: ExerciseStage, primary: string): Promise<Proof> {
    const measuring = openMeasuring(members, primary, tables, quiet ?? stage.recorder);
    try {
      const proof = await backAtBaseline(stage, measuring, primary);
      await measuring.connection(stage, "after");
      await statistics(stage, primary, measuring, "after").catch((error: unknown) =>
        tellProblem(stage, primary, error),
      );
      tellMedians(stage, primary, "after");
      return proof;
    } finally {
      measuring.close();
    }
  }

  /** Measures until the write takes what it took before, or the time is over. */
  async function backAtBaseline(stage: ExerciseStage, measuring: Measuring, pod: string): Promise<Proof> {
    const { recorder } = stage;
    const end = recorder.now() + backDeadlineMs;
    const before = medianOf(lastWrites(recorder, "before"));
    const bound = before === null ? null : backBoundMs(before);
    for (;;) {
      await rounds(stage, measuring, "after", afterRounds);
      const now = medianOf(lastWrites(recorder, "after"));
      const back = now !== null && bound !== null && now <= bound;
      if (back || recorder.now() >= end || stage.signal.aborted) {
        const ms = (value: number | null): string => (value === null ? "not measured" : `${value.toFixed(1)} ms`);
        const detail = `${ms(now)}, before ${ms(before)} (at most ${ms(bound)})`;
        return { what: `a write on ${pod} takes what it took before the fault`, ok: back, detail };
      }
      await pause(backPauseMs, stage.signal);
    }
  }
}

function lastWrites(recorder: Recorder, stage: StageName): number[] {
  return samplesOf(recorder.history().events, stage, "write").slice(-afterRounds);
}

function tellProblem({ recorder, signal }: ExerciseStage, pod: string, error: unknown): void {
  if (signal.aborted) return;
  recorder.event({ atMs: recorder.now(), source: pod, event: "not-measured", detail: { problem: messageOf(error) } });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
