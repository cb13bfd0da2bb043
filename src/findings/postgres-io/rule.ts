import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import type { MemberCheck } from "./checks.ts";
import type { Speed } from "./speeds.ts";
import type { IoTimings } from "./timings.ts";

export interface IoRuleInput {
  history: History;
  context: JudgeContext;
  timings: IoTimings;
  speeds: readonly Speed[];
  checks: readonly MemberCheck[];
}

export type IoRule = (input: IoRuleInput) => Finding | null;
