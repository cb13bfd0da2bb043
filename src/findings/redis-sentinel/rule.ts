import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import type { Timings } from "./timings.ts";

export interface RuleInput {
  history: History;
  context: JudgeContext;
  timings: Timings;
}

/** A rule looks at the evidence and gives a finding with its figures, or nothing. Pure. */
export type Rule = (input: RuleInput) => Finding | null;
