import { messageOf } from "../../errors.ts";
import type { WatchPlan } from "../../experiment/resolve-watch.ts";
import { readingOf, type Reading } from "./judge-watch.ts";
import type { ClusterWatching } from "./watches.ts";
import { joinSignals } from "../../join-signals.ts";

/** Longer reasons say nothing more. */
const longestReason = 300;

/** One look at a condition; never rejects, since not being able to look is an answer: unknown. */
export async function readWatch(
  plan: WatchPlan,
  { ask, answerWithinMs }: Pick<ClusterWatching, "ask" | "answerWithinMs">,
  signal: AbortSignal,
): Promise<Reading> {
  const limit = AbortSignal.timeout(answerWithinMs);
  try {
    return readingOf(plan, await ask(plan.ask, joinSignals(signal, limit)));
  } catch (error) {
    const why = limit.aborted ? `no answer within ${answerWithinMs} ms` : messageOf(error).slice(0, longestReason);
    return { known: false, why };
  }
}
