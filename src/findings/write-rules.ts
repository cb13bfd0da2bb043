import type { JudgeContext } from "./judge.ts";
import type { Finding } from "./report.ts";
import { lossUpperBoundPercent } from "./upper-bound.ts";
import { counted, number } from "./words.ts";
import { totalWrites } from "./write-counts.ts";

/** Says how many writes ended unknown, and what became of them; `words` are the system's own. */
export function unknownOutcomes(
  context: JudgeContext,
  words: Pick<Finding, "id" | "evidence" | "advice">,
): Finding | null {
  const { unknown, recovered } = totalWrites(context.writes.map(({ counts }) => counts));
  if (unknown === 0) return null;
  const applied =
    recovered === null ? "how many were applied is not known" : `${number(recovered)} of them had been applied`;
  return { ...words, severity: "low", title: `${counted(unknown, "write")} ended unknown; ${applied}` };
}

/** Says that nothing was lost, and how much that proves. */
export function nothingLost(context: JudgeContext, words: Pick<Finding, "id" | "advice">): Finding | null {
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const bound = lossUpperBoundPercent(acknowledged);
  if (lost !== 0 || bound === null) return null;
  return {
    ...words,
    severity: "info",
    title: `None of ${counted(acknowledged, "acknowledged write")} was lost`,
    evidence: [`that is less than ${bound.toPrecision(2)} % with 95 % confidence (rule of three)`],
  };
}
