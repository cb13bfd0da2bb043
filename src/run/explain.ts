import type { Authoriser } from "../approvals/authoriser.ts";
import type { Explanation } from "../approvals/explain.ts";
import { hasProfile, resolveParameters } from "../experiment/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import { otherPrimary } from "../store/blast-radius.ts";
import type { Database } from "../store/database.ts";
import { faultKindOf } from "./faults/table.ts";
import { occupyingStates } from "./lifecycle.ts";
import type { Actor, RunRequest } from "./service.ts";
import { unplanned } from "./subject.ts";
import { durationParameterMs, type Registry } from "./systems.ts";

/**
 * Why somebody may or may not run something now. No system is asked: an experiment with a fault counts as one that hits a
 * primary here, which its plan may yet deny.
 */
export function explainer(options: {
  database: Database;
  registry: Registry;
  authoriser: Authoriser;
  defaultCluster: string;
  defaultProfile?: string;
  experiment: (name: string) => Experiment;
}): (actor: Actor, request: RunRequest) => Promise<Explanation> {
  const { database, registry, authoriser, defaultCluster, defaultProfile } = options;
  return async (actor, request) => {
    const experiment = options.experiment(request.experiment);
    const cluster = request.cluster ?? defaultCluster;
    registry.cluster(cluster);
    const fallback =
      defaultProfile !== undefined && hasProfile(experiment, defaultProfile) ? defaultProfile : undefined;
    const parameters = resolveParameters(experiment, request.parameters, request.profile ?? fallback);
    const subject = {
      ...unplanned(experiment, cluster, actor.userId),
      plan: {
        namespace: String(parameters["namespace"] ?? "default"),
        durationMs: durationParameterMs(parameters, "duration"),
        digest: "",
      },
    };
    const injects = experiment.faults.some(({ kind }) => faultKindOf(kind).servesExercise !== true);
    const primaryHitBy = injects
      ? await otherPrimary(database, { cluster, exceptRunId: null, states: occupyingStates })
      : null;
    return authoriser.explain({ actor, subject, primaryHitBy });
  };
}
