import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import type { RabbitTimings } from "./timings.ts";

export interface RuleInput {
  history: History;
  context: JudgeContext;
  timings: RabbitTimings;
}

/** Looks at a run and says one thing about it, or nothing. */
export type Rule = (input: RuleInput) => Finding | null;
