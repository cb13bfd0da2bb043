import type { CommandLine } from "./command-line.ts";

/**
 * What was said in a run's thread, about that run unless another one is named. Only `run-12` or `schedule-3` names one, and a
 * number that stands alone: in "stop 12 customers see errors" it is a reason's. Pure.
 */
export function inThread(line: CommandLine, runId: string | null): CommandLine {
  const [first = ""] = line.tokens;
  const isNamed = /^(run|schedule)-\d+$/i.test(first) || (line.tokens.length === 1 && /^\d+$/.test(first));
  if (runId === null || isNamed) return line;
  return { ...line, words: [runId, ...line.words], tokens: [runId, ...line.tokens] };
}
