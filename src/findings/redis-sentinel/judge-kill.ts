import { durationBoundMs } from "../duration-bound.ts";
import type { Judgement } from "../judge.ts";
import { counted, listed, number, seconds, sentence } from "../words.ts";
import { totalWrites } from "../write-counts.ts";
import type { RuleInput } from "./rule.ts";
import { between } from "../observed.ts";

/**
 * Judges a killed master. Refuted by a lost acknowledged write, by no promotion, by a first write later than the
 * parameter `maxOutage`, and by a killed member that did not become a replica with its link up; otherwise held.
 */
export function judgeKill({ context, timings }: RuleInput): Pick<Judgement, "hypothesis" | "because"> {
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const writableMs = between(timings.injectedMs, timings.firstNewWriteMs);
  const boundMs = durationBoundMs(context, "maxOutage");
  const problems: string[] = [];
  if ((lost ?? 0) > 0) {
    problems.push(`${number(lost ?? 0)} of ${counted(acknowledged, "acknowledged write")} were lost`);
  }
  if (timings.switchMs === null) {
    const backMs = between(timings.injectedMs, timings.backMs);
    problems.push(
      `no replica was promoted${backMs === null ? "" : `: ${timings.killed} answered again after ${seconds(backMs)}, still as the master`}`,
    );
  } else if (writableMs === null) {
    problems.push("the new master was never seen to acknowledge a write");
  } else if (boundMs !== null && writableMs > boundMs) {
    problems.push(`writes were accepted again after ${seconds(writableMs)}, later than ${seconds(boundMs)}`);
  }
  if (timings.switchMs !== null && timings.resyncedMs === null) {
    problems.push(`the killed member ${timings.killed} was not seen to return as a replica`);
  }
  if (problems.length > 0) {
    return { hypothesis: "refuted", because: sentence(listed(problems)) };
  }
  return {
    hypothesis: "held",
    because: `Writes were accepted again after ${seconds(writableMs ?? 0)}, all ${counted(acknowledged, "acknowledged write")} survived, and ${timings.killed} returned as a replica.`,
  };
}
