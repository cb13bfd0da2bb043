import { askText, type WatchPlan } from "../../experiment/resolve-watch.ts";
import type { GuardEvent } from "../guards.ts";
import type { Plan } from "../plan.ts";
import { limitText, type Reading } from "./judge-watch.ts";
import { readWatch } from "./read-watch.ts";
import type { ClusterWatching } from "./watches.ts";

/**
 * The guard `watch-conditions`, a line for each of the plan: a condition that holds before anything was done, if only for a
 * moment, refuses the run, and so does one that cannot be measured, unless it says that it may.
 */
export async function checkWatches(
  plan: Pick<Plan, "watches" | "cluster">,
  watching: ClusterWatching | null,
  signal: AbortSignal,
): Promise<GuardEvent[]> {
  return Promise.all(
    (plan.watches ?? []).map(async (watch) => {
      const reading: Reading =
        watching === null
          ? { known: false, why: `nothing is configured for the cluster ${plan.cluster}` }
          : await readWatch(watch, watching, signal);
      return guardOf(watch, reading);
    }),
  );
}

/** Pure. */
export function guardOf(watch: WatchPlan, reading: Reading): GuardEvent {
  const ok = reading.known ? !reading.holds : watch.onUnknown === "continue";
  return {
    type: "guard",
    id: "watch-conditions",
    title: `Stop condition ${watch.id}: ${watch.title}`,
    ok,
    measured: reading.known ? reading.measured : `unknown: ${reading.why}`,
    bound: limitText({ ...watch, forMs: 0 }),
    hint: ok ? "" : `Ask ${watch.ask.of} yourself, and run again when it is fine: ${askText(watch)}`,
  };
}
