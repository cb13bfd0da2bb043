import { AftershockError } from "../../errors.ts";
import type { Experiment } from "../../experiment/schema.ts";
import type { WatchCondition } from "../../experiment/watch-condition.ts";
import { resolveWatch, type WatchPlan } from "../../experiment/resolve-watch.ts";
import type { Plan } from "../plan.ts";

/** One value of an answer, with what tells it apart, e.g. `{instance="a"}`. */
export interface Sample {
  value: number;
  series: string;
}

/** Asks once. Rejects when there is no answer; an empty list is an answer of no data. */
export type AskWatch = (ask: WatchPlan["ask"], signal: AbortSignal) => Promise<readonly Sample[]>;

/** What is configured for a cluster. */
export interface ClusterWatching {
  /** For every run; no requester can leave one out. */
  conditions: readonly WatchCondition[];
  /** Which of the two have an address. */
  has: Readonly<Record<WatchPlan["ask"]["of"], boolean>>;
  ask: AskWatch;
  everyMs: number;
  answerWithinMs: number;
}

/**
 * Everything that watches such a run: the cluster's conditions first, then the experiment's own. Throws AftershockError
 * `bad_config` when one asks what the cluster's configuration has no address of: it would never be known.
 */
export function watchesOf(
  experiment: Experiment,
  parameters: Plan["parameters"],
  cluster: string,
  watching: ClusterWatching | null,
): WatchPlan[] {
  const everyRun = (watching?.conditions ?? []).map((condition) => {
    const resolved = resolveWatch(condition, { parameters: {} }, {});
    return { ...resolved, id: `${cluster}/${resolved.id}` };
  });
  const own = experiment.stopConditions.flatMap((condition) =>
    "client" in condition ? [] : [resolveWatch(condition, experiment, parameters)],
  );
  const all = [...everyRun, ...own];
  const unasked = all.find(({ ask }) => watching?.has[ask.of] !== true);
  if (unasked !== undefined) {
    throw new AftershockError(
      "bad_config",
      `The stop condition ${unasked.id} asks ${unasked.ask.of}, which is not configured for the cluster ${cluster}.`,
      `Set clusters.${cluster}.${unasked.ask.of}.url in the configuration: docs/watching.md`,
    );
  }
  return all;
}
