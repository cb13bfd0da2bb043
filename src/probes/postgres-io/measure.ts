import type { PatroniPods } from "../patroni/members.ts";
import type { Recorder } from "../recorder.ts";
import type { ExerciseStage } from "../system.ts";
import { medianOf, samplesOf, type StageName } from "./samples.ts";
import { openSampler, timeConnection, type Sampler, type Timed } from "./sampler.ts";
import { ioQuery, type IoQueryId, type IoTables } from "./workload.ts";

/** Longest that one query, and one connection, is waited for: far above what a slow disk does, and not for ever. */
export const answerDeadlineMs = 60_000;
const connectionDeadlineMs = 30_000;
const order: readonly IoQueryId[] = ["cached-read", "last-rows", "write", "cold-read"];
const measuredQueries: readonly string[] = [...order, "connection"];

/** Times the exercise's queries on one member, over one connection. */
export interface Measuring {
  /** One of each query, recorded as `sample`; ends early when the stage is over. True when all were answered. */
  round(stage: ExerciseStage, name: StageName): Promise<boolean>;
  /** One new connection, recorded as `sample` of `connection`. */
  connection(stage: ExerciseStage, name: StageName): Promise<void>;
  /** How many buffers each read found in shared buffers and how many it had to read, recorded as `buffers`. */
  buffers(stage: ExerciseStage, name: StageName): Promise<void>;
  query: Sampler["query"];
  close(): void;
}

/** `quiet` records what the thread need not tell. */
export function openMeasuring(members: PatroniPods, pod: string, tables: IoTables, quiet: Recorder): Measuring {
  const sampler = openSampler(members, pod, "aftershock measures", answerDeadlineMs);
  let coldTurn = 0;
  const tell = ({ signal }: ExerciseStage, stage: StageName, query: string, { ms, error }: Timed): void => {
    // What the end of the stage cut short is no measurement.
    if (signal.aborted) return;
    quiet.event({ atMs: quiet.now(), source: pod, event: "sample", detail: { query, stage, ms, error } });
  };
  const next = (id: IoQueryId) => ioQuery(id, tables, id === "cold-read" ? coldTurn++ : 0);
  return {
    round: async (stage, name) => {
      let answered = true;
      for (const id of order) {
        if (stage.signal.aborted) return answered;
        const { text, values, problem } = next(id);
        const timed = await sampler.time(text, values, problem);
        answered &&= timed.error === null;
        tell(stage, name, id, timed);
      }
      return answered;
    },
    connection: async (stage, name) =>
      tell(stage, name, "connection", await timeConnection(members, pod, connectionDeadlineMs)),
    buffers: async ({ signal }, stage) => {
      for (const id of ["cached-read", "last-rows", "cold-read"] as const) {
        if (signal.aborted) return;
        const { text, values } = next(id);
        const [row] = await sampler.query<{ "QUERY PLAN": Plan[] }>(
          `explain (analyze, buffers, timing off, format json) ${text}`,
          values,
        );
        const plan = row?.["QUERY PLAN"][0]?.Plan;
        const detail = {
          query: id,
          stage,
          hit: plan?.["Shared Hit Blocks"] ?? null,
          read: plan?.["Shared Read Blocks"] ?? null,
        };
        quiet.event({ atMs: quiet.now(), source: pod, event: "buffers", detail });
      }
    },
    query: sampler.query,
    close: sampler.close,
  };
}

interface Plan {
  Plan: { "Shared Hit Blocks"?: number; "Shared Read Blocks"?: number };
}

/** The medians of a stage, told as `measured`; one line a query. */
export function tellMedians({ recorder }: ExerciseStage, pod: string, stage: StageName): void {
  const { events } = recorder.history();
  for (const query of measuredQueries) {
    const asked = events.filter(
      ({ event, detail }) => event === "sample" && detail["stage"] === stage && detail["query"] === query,
    ).length;
    if (asked === 0) continue;
    const times = samplesOf(events, stage, query);
    const detail = { query, stage, medianMs: medianOf(times), answered: times.length, failed: asked - times.length };
    recorder.event({ atMs: recorder.now(), source: pod, event: "measured", detail });
  }
}
