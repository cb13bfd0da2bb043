import type { History } from "../probes/history.ts";
import { lossMeasures, serviceMeasures } from "./generic-measures.ts";
import { judgeRestore } from "./backup/restore-judge.ts";
import { judgeVerification } from "./backup/verify-judge.ts";
import { judgeCloudnativePg } from "./cloudnative-pg/judge.ts";
import { judgeEtcd } from "./etcd/judge.ts";
import { judgeKafka } from "./kafka/judge.ts";
import { judgePatroni } from "./patroni/judge.ts";
import { judgeRabbitmq } from "./rabbitmq/judge.ts";
import { judgePostgresIo } from "./postgres-io/judge.ts";
import { judgeRedisSentinel } from "./redis-sentinel/judge.ts";
import { judgeReschedule } from "./reschedule/judge.ts";
import type { ClientWrites } from "./write-counts.ts";
import type { Finding, Measure, Outage, Report, Verdicts } from "./report.ts";

/** What every system's judge gets besides the history. */
export interface JudgeContext {
  writes: readonly ClientWrites[];
  outages: readonly Outage[];
  /** Why nothing can be concluded; empty when something can. */
  unsound: readonly string[];
  /** Parameters of the run; durations are text such as `30s`. */
  parameters: Readonly<Record<string, unknown>>;
  /** Report of the last completed run of the same experiment on the same target; null: none, or one of an old form. */
  previous: Report | null;
}

export interface Judgement {
  hypothesis: Verdicts["hypothesis"];
  because: string;
  measures: Measure[];
  findings: Finding[];
}

export type Judge = (history: History, context: JudgeContext) => Judgement;

/** One judge per system; a new system is a line here. */
const judges: Readonly<Record<string, Judge>> = {
  "redis-sentinel": judgeRedisSentinel,
  etcd: judgeEtcd,
  patroni: judgePatroni,
  "cloudnative-pg": judgeCloudnativePg,
  rabbitmq: judgeRabbitmq,
  "postgres-io": judgePostgresIo,
  "postgres-backup": judgeRestore,
  "postgres-backup-check": judgeVerification,
  "postgres-reschedule": judgeReschedule,
  kafka: judgeKafka,
};

/** Judges a history by its system's rules. A system without rules gets the measures that fit any, and no verdict. */
export function judge(history: History, context: JudgeContext): Judgement {
  const found = judges[history.header.system];
  if (found !== undefined) return found(history, context);
  return {
    hypothesis: "inconclusive",
    because: `There are no rules for the system ${history.header.system}.`,
    measures: [...lossMeasures(context), ...serviceMeasures(history, context)],
    findings: [],
  };
}
